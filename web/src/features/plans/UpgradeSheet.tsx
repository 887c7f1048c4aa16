import { lazy, Suspense } from "react";
import { upgradeOf } from "@/problems/say";

/** Loaded when it is first needed. */
const UpgradeDialog = lazy(() => import("./UpgradeDialog").then((part) => ({ default: part.UpgradeDialog })));

/** What a refusal for want of a plan means. `cause` opens it where it is such a refusal. */
export function UpgradeSheet({ cause, onClose }: { cause: unknown; onClose: () => void }) {
  const wanted = upgradeOf(cause);
  return <Suspense>{wanted !== undefined && <UpgradeDialog wanted={wanted} onClose={onClose} />}</Suspense>;
}
