/** The language that was chosen on this device. A browser may refuse to store anything: then it is chosen each time. */
const KEY = "language";

export function chosenLanguage(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function rememberLanguage(language: string): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // It stays chosen until the page is left.
  }
}
