import { useState } from "react";
import { Button } from "@/design/pieces/Button";
import { type PlainKey, t } from "@/words";

const questions: PlainKey[] = ["home.q1", "home.q2", "home.q3", "home.q4", "home.q5", "home.q6"];

/** One question to ask each other; a new one each day, and more on request. */
export function Question() {
  const [at, setAt] = useState(() => Math.floor(Date.now() / 86_400_000));
  const question = questions[at % questions.length];
  return (
    <section className="grid items-center gap-x-6 gap-y-3 rounded-3 bg-ours-wash p-5 wide:grid-cols-[1fr_auto] wide:p-6 broad:col-span-2">
      <p className="text-small wide:col-span-2">{t("home.tonight")}</p>
      <h2 className="text-title" aria-live="polite">
        {question && t(question)}
      </h2>
      <Button tone="quiet" className="justify-self-start" onClick={() => setAt(at + 1)}>
        {t("home.another")}
      </Button>
    </section>
  );
}
