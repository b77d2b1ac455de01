set -eu
file=$(realpath "$1") # must not contain spaces, quotes, % or #, which need escaping
sha256=$(sha256sum < "$file" | cut -c1-64)
id="pk:$(echo "$sha256" | cut -c1-20)"
request=$(mktemp)
trap 'rm -f "$request"' EXIT
cat > "$request" << JSON
{
  "source": "file://$file",
  "expect": { "sha256": "$sha256" },
  "executions": [{ "label": "day 1", "configuration": $(cat "$2") }]
}
JSON

# If the upload is already completed, the start is refused; get its receipt below.
temporal workflow start --type uploadAnalysisFile --task-queue aplos-upload --workflow-id "$id" \
  --id-reuse-policy AllowDuplicateFailedOnly --id-conflict-policy UseExisting \
  --input-file "$request" >&2 || true
temporal workflow result --workflow-id "$id" --output json
