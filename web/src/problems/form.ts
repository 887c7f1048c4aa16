import type { FieldValues, Path, UseFormSetError } from "react-hook-form";
import { Problem } from "@/api/problem";
import { sentence } from "./say";

/**
 * Puts a refusal where the member can act on it: at each field that the server names, the rest above the button (`root`).
 * `fields` are the members of the body that the form shows.
 */
export function refuse<T extends FieldValues>(
  cause: unknown,
  setError: UseFormSetError<T>,
  fields: readonly Path<T>[],
): void {
  let placed = false;
  if (cause instanceof Problem) {
    for (const { pointer, detail } of cause.fields) {
      const field = fields.find((name) => pointer === `/${name.replaceAll(".", "/")}`);
      if (!field) continue;
      setError(field, { message: detail }, { shouldFocus: !placed });
      placed = true;
    }
  }
  if (!placed) setError("root", { message: sentence(cause) });
}
