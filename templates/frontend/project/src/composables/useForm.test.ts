import { mount } from "@vue/test-utils";
import { afterEach, expect, test } from "vitest";
import { defineComponent, h } from "vue";

import { useForm } from "./useForm";

let app: ReturnType<typeof mount> | undefined;

/** Tells what is said of a value in a control with some attributes. */
async function said(value: string, attributes: Record<string, unknown>) {
  let errors: Record<string, string> = {};
  const Form = defineComponent({
    setup() {
      const form = useForm({ total: "" });
      ({ errors } = form);
      const control = () => h("input", { name: "total", ...attributes });
      const send = () => form.submit(async () => undefined);
      return () =>
        h("form", { ref: "formElement", onSubmit: send }, [control()]);
    },
  });
  app = mount(Form, { attachTo: document.body });
  await app.get("input").setValue(value);
  await app.get("form").trigger("submit");
  return errors.total ?? "";
}

afterEach(() => app?.unmount());

const DECIMAL = {
  inputmode: "decimal",
  pattern: "-?\\d{1,4}(\\.\\d{1,2})?",
  "data-min": "-2.5",
  "data-max": "9000",
  required: true,
};

test.each([
  ["", "Fill this in."],
  ["12.50", ""],
  ["-2.5", ""],
  ["9000.00", ""],
  ["12,50", "Write a number such as 1.5."],
  ["a dozen", "Write a number such as 1.5."],
  ["-2.51", "At least -2.5."],
  ["9000.01", "At most 9000."],
  ["1.234", "This has too many decimal places."],
  ["1e3", "This does not have the right form."],
])("a decimal number of %j: %j", async (value, text) => {
  expect(await said(value, DECIMAL)).toBe(text);
});

test.each([
  ["99", { type: "number", max: 10 }, "At most 10."],
  ["-1", { type: "number", min: 0 }, "At least 0."],
  ["A B", { pattern: "[a-z]+" }, "This does not have the right form."],
  ["who", { type: "email" }, "This does not have the right form."],
])("%j in a control with %o: %j", async (value, attributes, text) => {
  expect(await said(value, attributes)).toBe(text);
});
