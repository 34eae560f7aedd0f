import { createTheme, defaultVariantColorsResolver, type MantineColorsTuple } from "@mantine/core";

/** The product's own blue-green, light to dark. Shade 7 carries white text, shade 4 stands on black. */
const spill: MantineColorsTuple = ["#e6f7fb", "#cdecf4", "#9bd9ea", "#64c4df", "#3ab3d6", "#1f9fc6", "#0f86ab", "#0a6c8c", "#085972", "#06465b"];

/** Neutral dark scale with a trace of blue; Mantine reads surfaces and borders from it. */
const dark: MantineColorsTuple = ["#e4e8ec", "#b6bfc8", "#98a3ae", "#6d7883", "#39424b", "#2a3138", "#1c2127", "#12161a", "#0d1013", "#08090b"];

/** Neutral light scale to match. */
const gray: MantineColorsTuple = ["#f7f8f9", "#eff1f3", "#e3e6ea", "#d3d8dd", "#bcc3ca", "#9aa3ac", "#65707b", "#4a545e", "#323a42", "#1b2026"];

const MONO = "'JetBrains Mono Variable', ui-monospace, SFMono-Regular, Menlo, Consolas, monospace";
const SANS = "'Inter Variable', system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** One theme for both schemes: dense, few colours, colour only where it means something. */
export const theme = createTheme({
  primaryColor: "spill",
  primaryShade: { light: 7, dark: 4 },
  colors: { spill, dark, gray },
  autoContrast: true,
  // Mantine picks the text of a filled button by the light scheme's shade alone; this variable knows the scheme.
  variantColorResolver: (input) => {
    const resolved = defaultVariantColorsResolver(input);
    const primary = input.color === undefined || input.color === input.theme.primaryColor;
    return input.variant === "filled" && primary ? { ...resolved, color: "var(--mantine-primary-color-contrast)" } : resolved;
  },
  luminanceThreshold: 0.35,
  black: "#14181c",
  fontFamily: SANS,
  fontFamilyMonospace: MONO,
  headings: { fontFamily: SANS, fontWeight: "600" },
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  defaultRadius: "md",
  radius: { xs: "3px", sm: "5px", md: "7px", lg: "10px", xl: "16px" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "sm" } },
    // A <header> inside a dialog would be a second banner of the page.
    ModalHeader: { defaultProps: { role: "none", bg: "var(--sp-surface)" } },
    DrawerHeader: { defaultProps: { role: "none", bg: "var(--sp-surface)" } },
    ModalContent: { defaultProps: { bg: "var(--sp-surface)" } },
    DrawerContent: { defaultProps: { bg: "var(--sp-surface)" } },
    ModalTitle: { defaultProps: { fw: 600, fz: "lg" } },
    DrawerTitle: { defaultProps: { fw: 600, fz: "lg" } },
    Table: { defaultProps: { verticalSpacing: 6, horizontalSpacing: "md" } },
  },
});
