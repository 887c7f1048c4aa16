import { language } from "@/words";

/** An amount of the API, in the smallest unit of its currency, as the member's language writes it. */
export function money({ amount, currency }: { amount: number; currency: string }): string {
  return new Intl.NumberFormat(language(), { style: "currency", currency }).format(amount / 100);
}
