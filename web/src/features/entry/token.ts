import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";

/** The token of a mail's link, kept by the page and taken out of the address bar and the history at once. */
export function useLinkToken(found: string | undefined): string {
  const [token] = useState(found ?? "");
  const navigate = useNavigate();
  useEffect(() => {
    if (found !== undefined) void navigate({ to: ".", search: {}, replace: true });
  }, [found, navigate]);
  return token;
}
