import { config } from "zod";

// Runs before any schema is made: Zod would compile them with eval, which the page's policy refuses and reports.
config({ jitless: true });
