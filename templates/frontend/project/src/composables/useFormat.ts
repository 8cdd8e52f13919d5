import { useMessages } from "./useMessages";

/** Values as people of the chosen language write them; what is not there is a dash. */
export function useFormat() {
  const { t, language } = useMessages();
  const NOTHING = "–";

  const show = (value: string | number | null | undefined) =>
    value == null || value === "" ? NOTHING : String(value);

  /** Numbers as text stay exact: only their digits are grouped. */
  const number = (value: string | number | null | undefined) =>
    value == null
      ? NOTHING
      : new Intl.NumberFormat(language.value, {
          minimumFractionDigits: String(value).split(".")[1]?.length ?? 0,
          maximumFractionDigits: 20,
        }).format(value as Intl.StringNumericLiteral);

  const date = (value: string | null | undefined) =>
    value
      ? new Intl.DateTimeFormat(language.value, {
          dateStyle: "medium",
          timeZone: "UTC",
        }).format(new Date(`${value}T00:00:00Z`))
      : NOTHING;

  const moment = (value: string | null | undefined) =>
    value
      ? new Intl.DateTimeFormat(language.value, {
          dateStyle: "medium",
          timeStyle: "short",
        }).format(new Date(value))
      : NOTHING;

  const yesNo = (value: boolean | null | undefined) =>
    value == null ? NOTHING : t(value ? "yes" : "no");

  const list = (values: readonly unknown[] | null | undefined) =>
    values?.length ? values.join(", ") : NOTHING;

  const json = (value: unknown) =>
    value == null ? NOTHING : JSON.stringify(value, null, 2);

  return { show, number, date, moment, yesNo, list, json };
}
