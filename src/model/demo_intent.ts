/** Kinds of questions that are not about a tool: greetings, "who are you", follow-ups, wanting to know. */

/** Chinese 上海呢？ and English "What about Paris?" ask the same again about something else. */
export const again =
  /^\s*(?:那么?)?[^，。？！?!]{1,16}呢\s*[？?！!。]*\s*$|^\s*(?:and|what about|how about|and what about)\s+\S/iu;

const greeting =
  /^\s*(?:你好|您好|大家好|嗨|哈喽|早上好|下午好|晚上好|早安|晚安|hello|hi|hey|good (?:morning|afternoon|evening)|greetings)(?:\s+there)?[\s呀啊,，。.!！~～]*/iu;

/** Whether a text is a greeting and nothing else. */
export function isGreetingOnly(text: string): boolean {
  return greeting.test(text) && text.replace(greeting, "").trim() === "";
}

/** Whether something is to be found out. */
export function seeksKnowledge(text: string): boolean {
  return /[?？]\s*$|什么|谁|哪|为什么|如何|怎么|多少|介绍|\b(?:what|who|whom|which|when|where|why|how|explain)\b/iu
    .test(text);
}

/** Whether the agent itself is asked about. */
export function isIntroductionAsked(text: string): boolean {
  return /(?:介绍|说说|讲讲).{0,4}(?:自己|你自己|你)(?!们|[\p{Script=Han}]*的)|你是谁|你叫什么|你是(?:什么|干|做)|你(?:能|可以|会)(?:做|干|帮我做|帮我干)?(?:什么|啥|些什么|哪些)|(?:哪些|什么)(?:工具|功能|能力)|^\s*(?:帮助|help)\W*$|who are you|introduce yourself|about yourself|what (?:can|do) you do|what are you\b|what tools|what is your name|what's your name|how can you help/iu
    .test(text);
}
