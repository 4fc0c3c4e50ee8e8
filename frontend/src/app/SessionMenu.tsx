import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { LogOut } from 'lucide-react';

import { meQuery, signOut } from '@/api/auth';
import { Button } from '@/components/Button';

/** Who is signed in, and the way out. */
export function SessionMenu() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data } = useQuery(meQuery);
  const leave = useMutation({
    mutationFn: signOut,
    meta: { failure: 'Signing out failed' },
    onSuccess: async () => {
      client.clear();
      await navigate({ to: '/login' });
    },
  });
  return (
    <div className="flex min-w-0 flex-1 items-center gap-2 px-2">
      <div className="min-w-0 flex-1">
        <p className="truncate text-[0.8125rem] font-medium">{data?.username}</p>
        <p className="truncate text-xs text-ink-3 capitalize">{data?.role}</p>
      </div>
      <Button
        variant="ghost"
        size="icon"
        aria-label="Sign out"
        title="Sign out"
        busy={leave.isPending}
        onClick={() => leave.mutate()}
        icon={<LogOut aria-hidden className="size-4" />}
      />
    </div>
  );
}
