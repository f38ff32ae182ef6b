/** How to send a first event: whole programs, which run as they stand against the server that the page came from. */

export interface Snippet {
  readonly name: string;
  /** Where to put it. */
  readonly hint: string;
  readonly text: string;
}

const MUTATION = 'mutation ($input: EmitEventInput!) { emitEvent(input: $input) { duplicate } }';

/** @param auth whether the server wants to know who sends */
export function snippetsFor(url: string, auth: boolean): readonly Snippet[] {
  // An apostrophe may stand in an address, but not in a quoted string.
  const safeUrl = url.replaceAll("'", '%27');
  return [
    { name: 'curl', hint: 'in a terminal', text: curl(safeUrl, auth) },
    { name: 'TypeScript', hint: 'npm install drumline, then node first.ts', text: typescript(safeUrl, auth) },
    { name: 'Python', hint: 'python3 first.py, with nothing to install', text: python(safeUrl, auth) },
  ];
}

function curl(url: string, auth: boolean): string {
  return `curl '${url}' \\
  --header 'content-type: application/json' \\${auth ? '\n  --header "authorization: Bearer $DRUMLINE_TOKEN" \\' : ''}
  --data '{
    "query": "${MUTATION}",
    "variables": { "input": {
      "taskId": "first-task",
      "eventType": "TASK_STARTED",
      "component": "camina",
      "stage": "PLANNING",
      "message": "Off we go",
      "progress": 0.1
    } }
  }'
`;
}

function typescript(url: string, auth: boolean): string {
  return `import { createEmitter } from 'drumline/emitter';

await using emitter = createEmitter({
  url: '${url}',${auth ? '\n  token: process.env.DRUMLINE_TOKEN,' : ''}
});
const task = emitter.task('first-task');
void task.started('Off we go');
void task.component('search_drummer').progress(0.5, 'Half of it found');
`;
}

function python(url: string, auth: boolean): string {
  return `import json
${auth ? 'import os\n' : ''}import urllib.request

event = {
    "taskId": "first-task",
    "eventType": "TASK_STARTED",
    "component": "camina",
    "stage": "PLANNING",
    "message": "Off we go",
    "progress": 0.1,
}
query = "${MUTATION}"
body = json.dumps({"query": query, "variables": {"input": event}}).encode()
headers = {"Content-Type": "application/json"}
${auth ? 'headers["Authorization"] = "Bearer " + os.environ["DRUMLINE_TOKEN"]\n' : ''}request = urllib.request.Request('${url}', body, headers)
with urllib.request.urlopen(request) as response:
    print(response.read().decode())
`;
}
