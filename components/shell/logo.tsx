/** A level held back and let out in measured steps. */
export function Logo() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <rect width="20" height="20" rx="5" fill="var(--sp-accent)" />
      <path d="M3.5 6.5h5.2c1.6 0 2 1.1 2.6 2.6l1 2.4c.6 1.4 1.3 2 2.7 2h1.5" fill="none" stroke="var(--sp-surface)" strokeWidth="2" strokeLinecap="round" />
      <path d="M3.5 10.5h3.2M3.5 14h5" fill="none" stroke="var(--sp-surface)" strokeWidth="1.6" strokeLinecap="round" opacity="0.7" />
    </svg>
  );
}
