import { ref, watch } from "vue";

import { languages, messages } from "../messages";
import type { Language, MessageKey } from "../messages";
import { chosenLanguage, rememberLanguage } from "../services/language.service";

/** The language that was chosen on this device, else the first one of the browser's that is spoken here. */
function preferred(): Language {
  const wanted = [chosenLanguage() ?? "", ...navigator.languages];
  const spoken = wanted.map((each) => each.slice(0, 2).toLowerCase());
  return (
    spoken.flatMap((word) => languages.filter((each) => each === word))[0] ??
    "en"
  );
}

const language = ref<Language>(preferred());
watch(language, rememberLanguage);

/** The words of the language that was chosen; `{name}` in a message is filled with a value. */
export function useMessages() {
  function t(
    key: MessageKey,
    values: Record<string, string | number> = {},
  ): string {
    const text = messages[language.value][key] ?? key;
    return text.replace(/\{(\w+)\}/g, (all, name) =>
      String(values[name] ?? all),
    );
  }
  return { t, language, languages };
}
