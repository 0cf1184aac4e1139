/** The mark: furrows of a field at rest. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect className="mark-field" width="32" height="32" rx="8" />
      <path
        className="mark-furrow"
        d="M4 24c6-7 18-7 24 0M6 17.5c5-5.5 15-5.5 20 0M9 11.5c4-3.8 10-3.8 14 0"
      />
    </svg>
  );
}
