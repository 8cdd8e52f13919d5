import { ref } from "vue";

import { languages, messages } from "../messages";
import type { Language, MessageKey } from "../messages";

const language = ref<Language>(
  languages.find((each) => navigator.language.startsWith(each)) ?? "en",
);

/** The words of the language that was chosen; `{name}` in a message is filled with a value. */
export function useMessages() {
  function t(
    key: MessageKey,
    values: Record<string, string | number> = {},
  ): string {
    return messages[language.value][key].replace(/\{(\w+)\}/g, (all, name) =>
      String(values[name] ?? all),
    );
  }
  return { t, language, languages };
}
