// Faults at a click: what integrators try first. `fault` is what the admin API takes.
//
// route: it happens to the next such requests. lasting: it stays until it is removed, so the button is a switch.

const keepalive = { route: "keepalive", times: 1 };

export const PRESETS = [
  { group: "Next keepalive", items: [
    { name: "503", label: "503", title: "The next keepalive is answered 503", fault: { action: "answer", status: 503, on: keepalive } },
    { name: "answer-lost", label: "Answer lost", title: "The next keepalive is processed, its answer is dropped",
      fault: { action: "drop", when: "after", on: keepalive } },
    { name: "hangs", label: "Hangs", title: "The next keepalive is never answered", fault: { action: "hang", on: keepalive } },
    { name: "401", label: "401", title: "The next keepalive is answered 401", fault: { action: "answer", status: 401, on: keepalive } },
    { name: "402", label: "402", title: "The next keepalive is answered 402: terminal", fault: { action: "answer", status: 402, on: keepalive } },
  ] },
  { group: "Stream", items: [
    { name: "expire-lease", label: "Expire lease", title: "The lease lapses now", fault: { action: "expire_lease" } },
    { name: "expire-token", label: "Expire token", title: "The transport token is expired from now on", fault: { action: "expire_token" } },
    { name: "no-credits", label: "Out of credits", title: "The account is empty from now on", fault: { action: "exhaust_credits" } },
    { name: "keepalives-fail", label: "Keepalives fail", title: "Every keepalive is answered 503 until you switch this off", lasting: true,
      fault: { action: "answer", status: 503, on: { route: "keepalive" } } },
  ] },
  { group: "Result socket", items: [
    { name: "cut-sockets", label: "Cut", title: "Sockets end without a close frame: 1006", fault: { action: "cut_socket" } },
    { name: "half-open", label: "Half open", title: "Sockets stand, and nothing comes any more", fault: { action: "stall_socket" } },
    { name: "close-1011", label: "Close 1011", title: "A close frame with 1011", fault: { action: "close_socket", code: 1011, reason: "internal error" } },
    { name: "garbage", label: "Not JSON", title: "A message that is not JSON", fault: { action: "send_garbage" } },
  ] },
  { group: "Server", items: [
    { name: "deploy", label: "Deploy 10 s", title: "Sockets end with 1012; 503 for ten seconds", whole: true,
      fault: { action: "deploy", seconds: 10, sockets: "close" } },
    { name: "refused", label: "Refused 5 s", title: "Connections are refused for five seconds", whole: true,
      fault: { action: "refuse", seconds: 5 } },
    { name: "429-storm", label: "429 storm", title: "Every request is answered 429 for 30 s, with Retry-After", whole: true, lasting: true,
      fault: { action: "answer", status: 429, headers: { "Retry-After": "2" }, on: { lasts: 30 } } },
    { name: "lost-201", label: "Lost 201", title: "The next stream is created, its 201 is dropped", whole: true,
      fault: { action: "drop", when: "after", on: { route: "create", times: 1 } } },
  ] },
  { group: "Network", items: [
    { name: "latency", label: "Latency 500 ms", title: "Everything arrives half a second later, until switched off", whole: true, lasting: true,
      fault: { action: "latency", seconds: 0.5 } },
    { name: "slow", label: "1 kB/s", title: "A kilobyte a second, until switched off", whole: true, lasting: true,
      fault: { action: "bandwidth", bytes_per_second: 1000 } },
    { name: "flaky", label: "10 % resets", title: "One request in ten is reset, until switched off", whole: true, lasting: true,
      fault: { action: "reset", on: { chance: 0.1 } } },
  ] },
];

/** The fault that a preset sets, for one stream or for all, under a name that is free. */
export function faultOf(preset, stream, taken) {
  const fault = { ...preset.fault, name: free(preset.name, taken) };
  if (!stream || preset.whole) return fault;
  return fault.on ? { ...fault, on: { ...fault.on, stream } } : { ...fault, stream };
}

function free(name, taken) {
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name} ${number}`)) number += 1;
  return `${name} ${number}`;
}

/** Whether `fault` was set by this preset. */
export const isOf = (preset, fault) => fault.name === preset.name || fault.name.startsWith(`${preset.name} `);
