import { expect, test } from "vitest";
import { deviceName } from "./device";

test("browsers by the name people use, though each claims to be several", () => {
  const named = {
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36":
      "Chrome, Linux",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36 Edg/156.0":
      "Edge, Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/19.0 Safari/604.1":
      "Safari, iPhone",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 15.0; rv:145.0) Gecko/20100101 Firefox/145.0": "Firefox, Mac",
    "o2o-cli/1": "o2o-cli/1",
  };
  for (const [agent, name] of Object.entries(named)) expect(deviceName(agent)).toBe(name);
});
