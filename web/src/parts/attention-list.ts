/**
 * What a person has to look at, for the page of it and for its number in the menu.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import type { Attention, List } from '../api/objects.ts'
import { request } from '../api/request.ts'

/** What waits and is no event, such as a wish for a refund, is asked for again after so long. */
const AGAIN_MS = 15_000

/** The matters; told by events, and asked for now and then. */
export function useAttention() {
  return useQuery({
    queryKey: ['attention'],
    queryFn: () => request<List<Attention>>('GET', '/v1/attention'),
    refetchInterval: AGAIN_MS,
  })
}
