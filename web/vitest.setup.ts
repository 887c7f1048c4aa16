import { beforeEach, vi } from "vitest";

// The two things of a browser that logic without a page reads.
beforeEach(() => {
  vi.stubGlobal("navigator", { languages: ["en-GB", "en"] });
  vi.stubGlobal("document", { documentElement: { lang: "" } });
});
