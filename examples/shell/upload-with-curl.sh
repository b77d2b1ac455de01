set -eu
file=$(realpath "$1") # must not contain spaces, quotes, % or #, which need escaping
sha256=$(sha256sum < "$file" | cut -c1-64)
url="${TEMPORAL_HTTP_URL:-http://localhost:7243}/api/v1/namespaces/${TEMPORAL_NAMESPACE:-default}"
url="$url/workflows/pk:$(echo "$sha256" | cut -c1-20)"
request=$(base64 << JSON | tr -d '\n'
{
  "source": "file://$file",
  "expect": { "sha256": "$sha256" },
  "executions": [{ "label": "day 1", "configuration": $(cat "$2") }]
}
JSON
)

# "encoding" is json/plain in base64. If the upload is already completed, the response is 409; get its receipt below.
curl -sS -X POST "$url" -H 'content-type: application/json' --data-binary @- >&2 << JSON
{
  "workflowType": { "name": "uploadAnalysisFile" },
  "taskQueue": { "name": "aplos-upload" },
  "workflowIdReusePolicy": "WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY",
  "workflowIdConflictPolicy": "WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING",
  "input": { "payloads": [{ "metadata": { "encoding": "anNvbi9wbGFpbg==" }, "data": "$request" }] }
}
JSON

# Responds when the workflow ends. If it does not end within a minute, "history" has no event: send the request again.
curl -sS "$url/history?waitNewEvent=true&historyEventFilterType=HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT"
