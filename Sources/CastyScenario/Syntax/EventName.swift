/// The events of the contract, by the words that `--json` prints and `expect no EVENT` reads.
package enum EventName: String, CaseIterable, Sendable {
    case nodeStarted = "node-started"
    case nodeKilled = "node-killed"
    case nodeFrozen = "node-frozen"
    case nodeThawed = "node-thawed"
    case nodeStopped = "node-stopped"
    case cut
    case healed
    case memberJoining = "member-joining"
    case memberWeaklyUp = "member-weakly-up"
    case memberUp = "member-up"
    case memberLeaving = "member-leaving"
    case memberExiting = "member-exiting"
    case memberDown = "member-down"
    case memberRemoved = "member-removed"
    case suspected
    case memberUnreachable = "member-unreachable"
    case memberReachable = "member-reachable"
    case leaderChanged = "leader-changed"
    case converged
    case downingDecision = "downing-decision"
    case coordinatorStarted = "coordinator-started"
    case shardAllocated = "shard-allocated"
    case shardStarted = "shard-started"
    case handoffBegun = "handoff-begun"
    case shardStopped = "shard-stopped"
    case shardMoved = "shard-moved"
    case entityStarted = "entity-started"
    case entityPassivated = "entity-passivated"
    case entityStopped = "entity-stopped"
    case reply
    case messageLost = "message-lost"
    case expectationPassed = "expectation-passed"
    case expectationFailed = "expectation-failed"
    case invariantViolated = "invariant-violated"
    case note
}
