#!/usr/bin/env bash
# The whole story with curl: begin a task, emit events, ask where it stands, watch it.
#
#   examples/curl.sh curl-task
set -euo pipefail

url=${DRUMLINE_URL:-http://127.0.0.1:4000/graphql}
task=${1:-curl-task}

post() { # document variables
  curl --silent --show-error --fail-with-body "$url" \
    --header 'content-type: application/json' \
    --data "{\"query\": \"$1\", \"variables\": $2}"
  echo
}

# 1. Begin. Doing it again changes nothing.
post 'mutation ($input: InitTaskInput!) { initTask(input: $input) { created } }' \
  "{\"input\": {\"taskId\": \"$task\", \"title\": \"A task by hand\"}}"

# 2. Emit. The event id makes a retry safe: run this script twice, and nothing is recorded twice.
emit='mutation ($input: EmitEventInput!) { emitEvent(input: $input) { duplicate event { sequence } } }'
post "$emit" "{\"input\": {\"eventId\": \"1\", \"taskId\": \"$task\", \"eventType\": \"TASK_STARTED\",
  \"component\": \"camina\", \"stage\": \"PLANNING\", \"message\": \"Off we go\", \"progress\": 0.1}}"
post "$emit" "{\"input\": {\"eventId\": \"2\", \"taskId\": \"$task\", \"eventType\": \"TASK_COMPLETED\",
  \"component\": \"camina\", \"stage\": \"COMPLETE\", \"message\": \"There we are\", \"progress\": 1}}"

# 3. Ask.
post 'query ($id: ID!) { task(id: $id) { title progress { status displayProgress sequence } } }' "{\"id\": \"$task\"}"

# 4. Watch, from the first event on, until the task ends. Each `id:` is a place to go on from: after a break, send the
#    last one back as it is with --header "last-event-id: …". The one before TaskEnded ends with a `+`, so that a stream
#    that was cut right there still gets its end.
curl --silent --show-error --fail-with-body --no-buffer --get "$url" \
  --header 'accept: text/event-stream' \
  --data-urlencode 'query=subscription ($taskId: ID!) {
    taskUpdates(taskId: $taskId, replay: true) {
      __typename
      progress { displayProgress }
      ... on TaskEventRecorded { event { sequence message } }
    }
  }' \
  --data-urlencode "variables={\"taskId\": \"$task\"}"
