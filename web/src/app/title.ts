import { useEffect } from "react";

/** The title of the page, in tabs and for screen readers. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · One 2 One Love`;
  }, [title]);
}
