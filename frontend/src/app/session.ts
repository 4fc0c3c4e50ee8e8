import { useQuery } from '@tanstack/react-query';

import { meQuery } from '@/api/auth';
import type { Role } from '@/api/types';

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** Whether a role includes another. */
export const includesRole = (role: Role, needed: Role): boolean => RANK[role] >= RANK[needed];

/** Whether the person signed in may do what `needed` may do; false while that is not known. */
export function useMay(needed: Role): boolean {
  const { data } = useQuery(meQuery);
  return data !== undefined && includesRole(data.role, needed);
}
