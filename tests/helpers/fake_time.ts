/** Stopped time: timers and Date move only when a test says so. */
import { mock } from "node:test";

export interface FakeTime extends Disposable {
  /** Lets this many milliseconds go by, one after the other, and everything happen that is due. */
  pass(ms: number): Promise<void>;
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>;
}

/** Real turns of the event loop: promises, streams and generators get on, timers do not. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Stops time at 2025-01-02T03:04:05.678Z until disposed. */
export function fakeTime(): FakeTime {
  mock.timers.enable({
    apis: ["setTimeout", "setInterval", "Date"],
    now: Date.UTC(2025, 0, 2, 3, 4, 5, 678),
  });
  return {
    async pass(ms) {
      await settle();
      for (let passed = 0; passed < ms; passed++) {
        mock.timers.tick(1);
        await settle();
      }
    },
    settle,
    [Symbol.dispose]: () => mock.timers.reset(),
  };
}
