set -eu
file=$(realpath "$1") # must not contain spaces, quotes, % or #, which need escaping
request=$(mktemp)
trap 'rm -f "$request"' EXIT
cat > "$request" << JSON
{
  "source": "file://$file",
  "executions": [{ "label": "nightly", "configuration": $(cat "$2") }]
}
JSON

temporal schedule create --schedule-id nightly-pk --cron '30 2 * * *' --time-zone UTC \
  --overlap-policy BufferAll --catchup-window 168h \
  --type uploadAnalysisFile --task-queue aplos-upload --workflow-id nightly-pk --input-file "$request"
