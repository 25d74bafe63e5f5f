/** What an agent yields → what is written into the log. */
import type { AgentEvent } from "../agent/agent.ts";
import type { Language } from "../config.ts";
import type { CustomDraft, Draft } from "../protocol/schema.ts";
import { authorMetadata, checkCustomEvent } from "../protocol/custom_event.ts";
import { statusText } from "../protocol/texts.ts";

type Recorded = Exclude<AgentEvent, { type: "text" | "text_end" | "turn" | "step" }>;

/** The event for the log; `streamId` is the stream whose text a `thinking` repeats. */
export function draftOf(event: Recorded, language: Language, streamId: string | undefined): CustomDraft {
  return event.type === "custom" ? customDraft(event) : knownDraft(event, language, streamId);
}

function knownDraft(
  event: Exclude<Recorded, { type: "custom" }>,
  language: Language,
  streamId: string | undefined,
): Draft {
  switch (event.type) {
    case "thinking": {
      const status = statusText(event.outOfSteps ? "summary" : "concluding", language);
      const metadata = {
        step: event.step,
        stage: event.stage,
        ...(event.streamed && streamId ? { stream_id: streamId } : {}),
      };
      return { event: "agent.thinking", content: event.text || status, metadata };
    }
    case "tool_call": {
      const metadata = {
        tool: event.tool,
        args: event.args,
        status: "running" as const,
        call_id: event.callId,
        ...(event.special ? { special: true as const } : {}),
      };
      const content = statusText("toolCall", language, event.tool);
      return { event: "agent.tool_call", step_id: event.stepId, content, metadata };
    }
    case "tool_result":
      return {
        event: "agent.tool_result",
        step_id: event.stepId,
        content: event.text,
        metadata: {
          tool: event.tool,
          status: event.status,
          duration_ms: event.durationMs,
          ...(event.attempt ? { attempt: event.attempt } : {}),
          ...(event.status !== "success"
            ? { error: event.error ?? event.text, error_code: event.errorCode }
            : {}),
          ...(event.data === undefined || event.data === null ? {} : { data: event.data }),
          ...(event.edited ? { args: event.edited, edited: true as const } : {}),
          ...(event.special ? { special: true as const } : {}),
        },
      };
    case "max_steps":
      return {
        event: "agent.timeout",
        content: statusText("maxSteps", language),
        metadata: { reason: "max_steps", max_steps: event.maxSteps },
      };
  }
}

/** An agent's own event; its name and content may not be taken for something the server says. */
function customDraft(event: AgentEvent & { type: "custom" }): CustomDraft {
  checkCustomEvent(event.event, event.content, event.metadata);
  const content = event.content ?? undefined;
  const isPlain = content === undefined || typeof content === "string" ||
    (typeof content === "object" && content !== null);
  return {
    event: event.event,
    content: isPlain ? content : String(content),
    metadata: authorMetadata(event.metadata),
  };
}
