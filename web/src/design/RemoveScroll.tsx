import { type ElementType, type ReactNode, useEffect } from "react";

interface RemoveScrollProps {
  as?: ElementType;
  enabled?: boolean;
  allowPinchZoom?: boolean;
  shards?: unknown;
  children: ReactNode;
}

let locks = 0;

/**
 * Keeps the page behind a dialog still. It stands in for the package of this name that Radix uses (vite.config.ts), which
 * writes a style element into the page; our content security policy allows none.
 */
export function RemoveScroll({
  as: Piece = "div",
  enabled = true,
  allowPinchZoom: _pinch,
  shards: _shards,
  ...props
}: RemoveScrollProps) {
  useEffect(() => {
    if (!enabled) return;
    locks += 1;
    document.documentElement.classList.add("still");
    return () => {
      locks -= 1;
      if (locks === 0) document.documentElement.classList.remove("still");
    };
  }, [enabled]);
  return <Piece {...props} />;
}
