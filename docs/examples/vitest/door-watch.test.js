import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import { DoorWatch } from "./door-watch.js";
import { start } from "./testkit.js";

let testkit;
let watch;
let doors;
let stopped;

beforeAll(async () => {
  testkit = await start();
});

afterAll(() => testkit?.stop());

beforeEach(async () => {
  await testkit.reset();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  doors = [];
  stopped = [];
  watch = new DoorWatch({
    url: testkit.url,
    key: testkit.key,
    onDoor: (open) => doors.push(open),
    onStopped: (why) => stopped.push(why),
  });
});

afterEach(async () => {
  await watch.stop();
  vi.useRealTimers();
  expect(await open()).toEqual([]); // A stream that is left open costs money.
});

/** Let time pass, for the app and for the fake alike. */
async function pass(seconds) {
  for (let second = 0; second < seconds; second += 1) {
    await testkit.advance(1);
    await vi.advanceTimersByTimeAsync(1000);
  }
  await testkit.advance(0); // Returns when nothing is under way.
}

/** Wait, in real time, until something is so. */
async function until(holds) {
  while (!(await holds())) await new Promise(setImmediate);
}

const open = async () => (await testkit.streams()).filter(({ state }) => state !== "ended");
const answers = async (route) => (await testkit.journal({ event: "Response", route })).map(({ status }) => status);
const fault = (action, on) => testkit.fault({ ...action, on });

test("says when the door opens", async () => {
  const stream = await watch.start();
  await until(async () => (await testkit.journal({ event: "SocketMessage" })).length > 0);

  await testkit.result(stream, { result: '{"open": true}' });

  await until(() => doors.length > 0);
  expect(doors.at(-1)).toBe(true);
});

test("keeps its stream alive", async () => {
  await watch.start();

  await pass(110);

  expect(await open()).toHaveLength(1);
  expect(await answers("keepalive")).toEqual([200, 200, 200, 200]);
  expect(stopped).toEqual([]);
});

test("goes on after one keepalive that failed", async () => {
  await fault({ action: "answer", status: 503 }, { route: "keepalive", times: 1 });
  await watch.start();

  await pass(60);

  expect((await answers("keepalive")).slice(0, 2)).toEqual([503, 200]);
  expect(await open()).toHaveLength(1);
});

test("goes on after a keepalive whose answer was lost", async () => {
  await fault({ action: "drop", when: "after" }, { route: "keepalive", times: 1 });
  await watch.start();

  await pass(60);

  expect((await answers("keepalive")).slice(0, 2)).toEqual([null, 200]);
  expect(await open()).toHaveLength(1);
});

test("stops and says why when credits ran out", async () => {
  await fault({ action: "answer", status: 402 }, { route: "keepalive" });
  await watch.start();

  await pass(60);

  expect(await answers("keepalive")).toEqual([402]); // Not asked again: it is terminal.
  expect(stopped).toEqual(["credits ran out"]);
});

test("stops when the lease lapses because no keepalive gets through", async () => {
  await fault({ action: "hang" }, { route: "keepalive" });
  await watch.start();

  await pass(46);

  await until(() => stopped.length > 0);
  expect(stopped).toEqual(["stream ended: lease_expired"]);
  expect((await testkit.streams()).map((stream) => stream.ended_reason)).toEqual(["lease_expired"]);
});

test("survives a deploy", async () => {
  await watch.start();
  await pass(20);

  await testkit.fault({ action: "deploy", seconds: 5, sockets: "close" });
  await pass(20);

  const statuses = await answers("keepalive");
  expect(statuses[0]).toBe(503);
  expect(statuses.at(-1)).toBe(200);
  expect(await testkit.journal({ event: "SocketOpened" })).toHaveLength(2);
  expect(stopped).toEqual([]);
});

test("closes its stream when it stops", async () => {
  await watch.start();

  await watch.stop();

  expect(await answers("close")).toEqual([200]);
  expect((await testkit.streams()).map((stream) => stream.ended_reason)).toEqual(["client_requested"]);
});
