import { useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate, useRouter } from '@tanstack/react-router';
import { type SyntheticEvent, useEffect, useRef, useState } from 'react';

import { meQuery, signIn, whoAmI } from '@/api/auth';
import { ApiProblem } from '@/api/problem';
import type { LoginRequest, WhoAmI } from '@/api/types';
import { Logo } from '@/app/Logo';
import { ownPath } from '@/app/search';
import { Button } from '@/components/Button';
import { InputField } from '@/components/Field';

import { loginTokenFrom } from './loginToken';

const route = getRouteApi('/login');

/** Sign in. A used link of somebody who is signed in already, a reload say, still leads in. */
async function enter(body: LoginRequest): Promise<WhoAmI> {
  try {
    const { username, role } = await signIn(body);
    return { username, role, kind: body.login_token == null ? 'account' : 'login-link' };
  } catch (refusal) {
    if (body.login_token == null) throw refusal;
    return whoAmI().catch(() => {
      throw refusal;
    });
  }
}

function useSignIn() {
  const client = useQueryClient();
  const router = useRouter();
  const navigate = useNavigate();
  const { next } = route.useSearch();
  return useMutation({
    mutationFn: enter,
    meta: { failure: null },
    onSuccess: async (who) => {
      client.clear();
      client.setQueryData(meQuery.queryKey, who);
      await router.invalidate();
      await navigate({ href: ownPath(next), replace: true });
    },
  });
}

/** Sign in with an account, or at once with the one-time link the start printed. */
export function LoginPage() {
  const login = useSignIn();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const linkUsed = useRef(false);
  const { mutate } = login;
  const [token] = useState(() => loginTokenFrom(location.hash));
  const byLink = login.variables ? login.variables.login_token != null : token !== undefined;

  useEffect(() => {
    document.title = 'Sign in · ArgusLM';
  }, []);

  useEffect(() => {
    if (token === undefined || linkUsed.current) return;
    linkUsed.current = true;
    history.replaceState(history.state, '', location.pathname + location.search);
    mutate({ login_token: token });
  }, [mutate, token]);

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    mutate({ username, password });
  };

  if (byLink && !login.error) return <Entering />;
  return (
    <main className="flex min-h-dvh items-center justify-center px-4 py-10">
      <div className="w-full max-w-88">
        <div className="mb-6 flex flex-col items-center gap-3 text-center">
          <Logo className="size-11" />
          <div>
            <h1 className="text-xl font-semibold tracking-tight">Sign in to ArgusLM</h1>
            <p className="mt-1 text-[0.8125rem] text-ink-2">A hundred eyes on your LLM endpoints.</p>
          </div>
        </div>
        {byLink && login.error && <LinkNotice error={login.error} />}
        <form
          onSubmit={submit}
          className="flex flex-col gap-4 rounded-xl border border-line bg-surface p-5 shadow-card"
        >
          <InputField
            label="User name"
            name="username"
            autoComplete="username"
            required
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
          <InputField
            label="Password"
            name="password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          {login.error && !byLink && (
            <p role="alert" className="rounded-md bg-down-soft px-3 py-2 text-[0.8125rem] text-down">
              {login.error.message}
            </p>
          )}
          <Button type="submit" variant="primary" busy={login.isPending}>
            Sign in
          </Button>
        </form>
        {!byLink && (
          <p className="mt-4 text-center text-xs text-ink-3">
            No account? {WAYS_IN}
          </p>
        )}
      </div>
    </main>
  );
}

const WAYS_IN = (
  <>
    <code className="font-mono">arguslm up</code> prints a one-time link when it starts, and an admin can make
    one in Settings, under Accounts.
  </>
);

/** While a link is being used there is nothing to fill in. */
const Entering = () => (
  <main className="flex min-h-dvh flex-col items-center justify-center gap-3">
    <Logo className="size-11 animate-breathe" />
    <p role="status" className="text-[0.8125rem] text-ink-2">
      Signing you in…
    </p>
  </main>
);

/** A used or expired link is no mistake of the reader's: says what it was, and how to go on. */
function LinkNotice({ error }: { error: Error }) {
  const refused = error instanceof ApiProblem && error.status === 401;
  return (
    <div role="alert" className="mb-4 rounded-xl border border-line bg-degraded-soft px-4 py-3 text-[0.8125rem]">
      <p className="font-medium text-degraded">
        {refused ? 'This login link was used already, or has expired' : 'The login link could not be used'}
      </p>
      <p className="mt-1 text-ink-2">
        {refused ? (
          <>Each link signs in once, and only for a short while. Sign in below, or get another: {WAYS_IN}</>
        ) : (
          error.message
        )}
      </p>
    </div>
  );
}
