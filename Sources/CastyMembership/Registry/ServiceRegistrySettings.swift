package import CastyCore

/// The timings and limits of a service registry.
package struct ServiceRegistrySettings: Hashable, Sendable {
    /// The pause between two comparisons with a random member.
    package var statusInterval = Duration.seconds(1)
    /// The shortest pause between two rounds of news to the members and the subscribers of this node.
    package var pace = Duration.milliseconds(50)
    /// About how many bytes a page takes, without its header; far below the frame limit.
    package var pageBytes = 32 << 10
    /// How many pages are sent at once to one member.
    package var burst = 4
    /// After how long an unanswered request is repeated, to any member that has the answer.
    package var patience = Duration.seconds(2)
    /// How many removals are retained at least, for members that are behind.
    package var removalLimit = 1024
    /// How many registrations one node may have.
    package var registrationLimit = 65_536
    /// How many bytes one registration may take: its path, and the names of its service and message type.
    package var sizeLimit = 4096
    /// The deliberate bugs that are switched on.
    package var mutations: ServiceRegistryMutations = []

    package init() {}
}

/// Deliberate bugs that tests switch on, to show that the checks of the service registry find them.
package enum ServiceRegistryMutation: Int, Mutation {
    /// The registrations of removed members stay and are listed.
    case keepsRemovedMembers
    /// Changes are taken although some before them are missing.
    case ignoresGaps
    /// Registrations do not end with their actors.
    case outlivesActors
    /// A comparison that finds a difference has no consequence.
    case neverAsks
    /// Unreachable members are listed as reachable.
    case ignoresReachability
}

/// The deliberate bugs that are switched on.
package typealias ServiceRegistryMutations = MutationSet<ServiceRegistryMutation>
