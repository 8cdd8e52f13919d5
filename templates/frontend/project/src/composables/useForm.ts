import { nextTick, reactive, ref, useTemplateRef } from "vue";

import type { MessageKey } from "../messages";
import "../messages.problems";
import { useMessages } from "./useMessages";
import { useProblem } from "./useProblem";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** What the browser finds wrong with a value; there is a message for each. */
const CODES = [
  "valueMissing",
  "badInput",
  "typeMismatch",
  "patternMismatch",
  "tooShort",
  "tooLong",
  "rangeUnderflow",
  "rangeOverflow",
  "stepMismatch",
] as const;

/**
 * Names what is wrong with a decimal number. A control for text holds it, because one for numbers would round it, so the
 * browser itself can only tell that it does not have the right form.
 */
function wrongDecimal(control: HTMLInputElement): MessageKey | undefined {
  const { value, pattern, dataset, validity } = control;
  const number = Number(value);
  if (Number.isNaN(number)) return "invalid.decimal";
  if (number < Number(dataset.min ?? -Infinity))
    return "invalid.rangeUnderflow";
  if (number > Number(dataset.max ?? Infinity)) return "invalid.rangeOverflow";
  const whole = value.replace(/\.\d+$/, "");
  const isWhole = new RegExp(`^(?:${pattern})$`).test(whole);
  return validity.patternMismatch && isWhole
    ? "invalid.stepMismatch"
    : undefined;
}

/**
 * The values of a form, with what is wrong with them: first as its controls' attributes say, then as the API says.
 *
 * The form's element is `<form ref="formElement" novalidate>`; a control's `name` is the field's name in the API.
 */
export function useForm<Values extends object>(initial: Values) {
  const { t } = useMessages();
  const { describe, fields } = useProblem();
  const element = useTemplateRef<HTMLFormElement>("formElement");
  const values = reactive({ ...initial }) as Values;
  const errors = reactive<Record<string, string>>({});
  const problem = ref("");
  const isBusy = ref(false);
  const isTouched = ref(false);
  let filled = JSON.stringify(initial);

  /** Takes over stored values, unless somebody is writing already. */
  function fill(stored: Values): void {
    if (JSON.stringify(values) !== filled) return;
    Object.assign(values, stored);
    filled = JSON.stringify(values);
  }

  /** Drops what was written, so that stored values are taken over. */
  function reset(): void {
    Object.assign(values, JSON.parse(filled));
  }

  /** Tells whether anything was written that is not stored. */
  function isDirty(): boolean {
    return JSON.stringify(values) !== filled;
  }

  function controls(): Control[] {
    return [...(element.value?.elements ?? [])].filter(
      (each): each is Control =>
        "validity" in each && "name" in each && Boolean(each.name),
    );
  }

  function wrong(control: Control): string {
    const { validity } = control;
    if (validity.customError) return control.validationMessage;
    const input = control as HTMLInputElement;
    const { minLength, maxLength, dataset } = input;
    const code = CODES.find((each) => validity[each]);
    const isDecimal = control.value && control.inputMode === "decimal";
    const key =
      (isDecimal && wrongDecimal(input)) || (code && `invalid.${code}`);
    if (!key) return "";
    return t(key as MessageKey, {
      min: dataset.min ?? input.min,
      max: dataset.max ?? input.max,
      length: code === "tooShort" ? minLength : maxLength,
    });
  }

  function show(found: Iterable<readonly [string, string]>): void {
    for (const name in errors) Reflect.deleteProperty(errors, name);
    Object.assign(errors, Object.fromEntries(found));
  }

  async function focusFirst(): Promise<void> {
    await nextTick();
    controls()
      .find((each) => errors[each.name])
      ?.focus();
  }

  /**
   * Checks one control again while it is changed, once the form has been sent: at once, because a message that goes
   * when the control is left would move the button away from under the pointer.
   */
  function recheck(event: Event): void {
    const control = event.target as Control;
    if (!isTouched.value || !control.name) return;
    const found = wrong(control);
    if (found) errors[control.name] = found;
    else Reflect.deleteProperty(errors, control.name);
  }

  /** Tells a control for JSON whether what it holds is that. */
  function checkJson(event: Event): void {
    const control = event.target as Control;
    try {
      if (control.value) JSON.parse(control.value);
      control.setCustomValidity("");
    } catch {
      control.setCustomValidity(t("invalid.json"));
    }
  }

  /** Sends what was written when nothing is wrong with it; whatever happens, it stays in the form. */
  async function submit(save: () => Promise<void>): Promise<void> {
    if (isBusy.value) return;
    isTouched.value = true;
    problem.value = "";
    show(
      controls()
        .map((each) => [each.name, wrong(each)] as const)
        .filter(([, text]) => text),
    );
    if (Object.keys(errors).length) return focusFirst();
    isBusy.value = true;
    try {
      await save();
    } catch (error) {
      const found = fields(error);
      const known = new Set(controls().map((each) => each.name));
      const others = [...found].filter(([name]) => !known.has(name));
      show(found);
      problem.value = [
        found.size ? t("problem.422") : describe(error),
        ...others.map(([name, text]) => `${name}: ${text}`),
      ].join(" ");
    } finally {
      isBusy.value = false;
    }
    return focusFirst();
  }

  return {
    values,
    errors,
    problem,
    isBusy,
    fill,
    reset,
    isDirty,
    recheck,
    checkJson,
    submit,
  };
}

/** What `useForm` gives, for the components of a form. */
export type Form = Pick<ReturnType<typeof useForm>, "errors">;
