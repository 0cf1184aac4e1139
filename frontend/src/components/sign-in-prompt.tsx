import { Link } from "wouter";

export function SignInPrompt({ children }: { children: string }) {
  return (
    <div className="empty">
      <p>{children}</p>
      <Link href="/wallet" className="button button-primary">
        Sign in
      </Link>
    </div>
  );
}
