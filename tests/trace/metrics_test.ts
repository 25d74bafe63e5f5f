import assert from "node:assert/strict";
import { Metrics } from "../../src/trace/metrics.ts";

const levels = { connections: 3, sessions: { idle: 2, running: 1 }, confirmationsOpen: 4, logBytes: 500 };

Deno.test("Every metric of the protocol is there from the start", async () => {
  const text = await new Metrics().render(levels);
  for (
    const name of [
      "myagent_connections 3",
      'myagent_sessions{state="idle"} 2',
      'myagent_sessions{state="running"} 1',
      "myagent_confirmations_open 4",
      "myagent_log_bytes 500",
      "# TYPE myagent_runs_total counter",
      "# TYPE myagent_events_total counter",
      "# TYPE myagent_attach_total counter",
      "# TYPE myagent_closes_total counter",
      "# TYPE myagent_tool_calls_total counter",
      "# TYPE myagent_route_seconds histogram",
    ]
  ) assert.ok(text.includes(name), name);
});

Deno.test("What is counted is shown by its labels, as often as it is asked for", async () => {
  const metrics = new Metrics();
  metrics.run("final_answer");
  metrics.run("final_answer");
  metrics.toolCall("failed");
  metrics.attach(true);
  metrics.attach(false, "epoch_mismatch");
  metrics.close(4008);
  metrics.event("agent.ready");
  metrics.route(0.003);
  for (let round = 0; round < 2; round++) {
    const text = await metrics.render(levels);
    for (
      const line of [
        'myagent_runs_total{outcome="final_answer"} 2',
        'myagent_tool_calls_total{status="failed"} 1',
        'myagent_attach_total{recovered="true",reason="none"} 1',
        'myagent_attach_total{recovered="false",reason="epoch_mismatch"} 1',
        'myagent_closes_total{code="4008"} 1',
        'myagent_events_total{event="agent.ready"} 1',
        'myagent_route_seconds_bucket{le="0.005"} 1',
        "myagent_route_seconds_count 1",
      ]
    ) assert.ok(text.includes(line), `${line}\n${text}`);
  }
  assert.equal(metrics.count("myagent_runs_total", "final_answer"), 2);
  assert.equal(metrics.count("myagent_runs_total", "error"), 0);
});

Deno.test("Names that agents make up are one label, so that no user text becomes one", async () => {
  const metrics = new Metrics();
  for (const name of ["shop.cart", "secret.of.alice", 'x"} 5\n']) metrics.event(name);
  const text = await metrics.render(levels);
  assert.ok(text.includes('myagent_events_total{event="custom"} 3'));
  assert.equal(/shop|alice/.test(text), false);
});
