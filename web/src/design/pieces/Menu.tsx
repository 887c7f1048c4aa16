import type { LucideIcon } from "lucide-react";
import { Slot } from "radix-ui";
import { lazy, type MouseEvent, type ReactNode, Suspense, useState } from "react";

const Dropdown = lazy(() => import("./Dropdown").then((part) => ({ default: part.Dropdown })));

export interface MenuItem {
  text: string;
  icon: LucideIcon;
  act: () => void;
  bad?: boolean;
}

export interface MenuProps {
  /** The button that opens it. */
  children: ReactNode;
  items: readonly MenuItem[];
  /** A row of signs above the items, each with its name. */
  quick?: readonly { text: string; label: string; act: () => void }[];
}

/** What else can be done with a thing, behind a button. A page has many of them and few are opened: the rest stays light. */
export function Menu(props: MenuProps) {
  const [wanted, setWanted] = useState<"pointer" | "keyboard">();
  if (!wanted) {
    // A click that no pointer made has no detail.
    const open = (event: MouseEvent) => setWanted(event.detail === 0 ? "keyboard" : "pointer");
    return (
      <Slot.Root aria-haspopup="menu" aria-expanded={false} onClick={open}>
        {props.children}
      </Slot.Root>
    );
  }
  return (
    <Suspense fallback={props.children}>
      <Dropdown {...props} byKeyboard={wanted === "keyboard"} />
    </Suspense>
  );
}
