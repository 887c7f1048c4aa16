import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

/** Draws the pictures of docs/screens anew: npm run pictures. */
export default defineConfig({ ...tests, testMatch: "pictures.ts", use: { ...tests.use, trace: "off" } });
