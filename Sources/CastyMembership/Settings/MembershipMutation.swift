/// Deliberate bugs that tests switch on, to show that the invariants find them: none in any preset, and no setting that
/// nodes share.
///
/// Each is one branch in the code that it breaks.
package struct MembershipMutation: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    // Gossip

    /// The leader ticks its clock for a merge. (If all members did, their messages would never end.)
    package static let mergeTicks = MembershipMutation(rawValue: 1 << 0)
    /// Newer gossip is not taken over.
    package static let ignoresGossip = MembershipMutation(rawValue: 1 << 1)
    /// Every round sends all that is known, not a digest.
    package static let gossipsWhole = MembershipMutation(rawValue: 1 << 2)
    /// The version grows though nothing changes.
    package static let isRestless = MembershipMutation(rawValue: 1 << 3)
    /// A node that learns of a removal keeps the removed member among its members, beside its tombstone.
    package static let keepsBuried = MembershipMutation(rawValue: 1 << 5)
    /// The clock keeps the entries of removed members.
    package static let keepsGoneClocks = MembershipMutation(rawValue: 1 << 6)
    /// A removed member that sends a message becomes a member again.
    package static let readmitsRemoved = MembershipMutation(rawValue: 1 << 7)
    /// The leader acts on versions that not all have seen.
    package static let leaderActsUnseen = MembershipMutation(rawValue: 1 << 8)

    // Joining and leaving

    /// Every node founds a cluster at once.
    package static let everyoneFounds = MembershipMutation(rawValue: 1 << 9)
    /// A node that asks to be let in gets no answer.
    package static let ignoresJoiners = MembershipMutation(rawValue: 1 << 10)
    /// A new incarnation does not end the former one at its address.
    package static let sharesPlaces = MembershipMutation(rawValue: 1 << 11)
    /// Another incarnation than the one that asked is let in.
    package static let inventsMembers = MembershipMutation(rawValue: 1 << 12)
    /// A leaver stops without confirming that it is done.
    package static let leavesUnconfirmed = MembershipMutation(rawValue: 1 << 13)

    /// A node that is asked to leave before its welcome has come stops at once.
    package static let leavesUnwelcomed = MembershipMutation(rawValue: 1 << 50)

    /// No member notifies unknown peers that they are not members.
    package static let toleratesUnknownPeers = MembershipMutation(rawValue: 1 << 25)
    /// A node that is not known to half of the members stops at once, though they may only not have heard of it yet.
    package static let heedsLateNews = MembershipMutation(rawValue: 1 << 47)

    // Failure detection

    /// A silent peer is never marked.
    package static let neverMarks = MembershipMutation(rawValue: 1 << 14)
    /// A peer that answers again stays marked.
    package static let neverRefutes = MembershipMutation(rawValue: 1 << 15)
    /// A node that finds a peer silent marks itself.
    package static let marksItself = MembershipMutation(rawValue: 1 << 16)
    /// The gap of an outage is learned like any interval.
    package static let learnsOutages = MembershipMutation(rawValue: 1 << 17)
    /// A node that was late itself blames its peers.
    package static let blamesPeers = MembershipMutation(rawValue: 1 << 18)
    /// No pause is accepted.
    package static let isImpatient = MembershipMutation(rawValue: 1 << 19)
    /// A silent peer is not called on another connection.
    package static let neverCalls = MembershipMutation(rawValue: 1 << 26)

    // Split brain

    /// A node that was declared down goes on.
    package static let survivesDown = MembershipMutation(rawValue: 1 << 20)
    /// Decisions do not wait for a stable view.
    package static let decidesAtOnce = MembershipMutation(rawValue: 1 << 21)
    /// The stability period depends on the number of members at its start, however many have joined since.
    package static let countsMembersOnce = MembershipMutation(rawValue: 1 << 49)
    /// No decision is ever taken.
    package static let neverDecides = MembershipMutation(rawValue: 1 << 22)
    /// Each side removes the other one, whatever the votes.
    package static let ignoresVotes = MembershipMutation(rawValue: 1 << 23)
    /// Members that are not up yet have a vote.
    package static let joinersVote = MembershipMutation(rawValue: 1 << 24)

    /// Downing strategies ignore promotions and departures that may be in progress.
    package static let ignoresChanges = MembershipMutation(rawValue: 1 << 40)

    /// The next up-number is one more than that of the youngest present member, though a younger one may have gone.
    package static let reusesUpNumbers = MembershipMutation(rawValue: 1 << 41)
    /// A leader acts on the view that it has, however long it has not heard from anyone.
    package static let leadsWithoutLease = MembershipMutation(rawValue: 1 << 48)
    /// A peer counts for the lease from the moment it is monitored, before it has acknowledged anything.
    package static let creditsNewMonitors = MembershipMutation(rawValue: 1 << 42)
    /// A peer that others have marked counts for the lease as if they had marked it just now, however old the news is.
    package static let creditsMarks = MembershipMutation(rawValue: 1 << 43)
    /// Heartbeats of non-members are acknowledged like those of members.
    package static let acknowledgesNonMembers = MembershipMutation(rawValue: 1 << 44)
    /// A leaver waits for the agreement of all, however long that takes, and so does its removal.
    package static let leavesForEver = MembershipMutation(rawValue: 1 << 45)
    /// Every removal is remembered for the whole time, however many there are.
    package static let remembersAll = MembershipMutation(rawValue: 1 << 46)

    // Founding

    /// A refused connection counts as a vote.
    package static let foundsOnRefusal = MembershipMutation(rawValue: 1 << 32)
    /// The answer of a leaving member counts as a vote.
    package static let foundsBesideLeavers = MembershipMutation(rawValue: 1 << 33)
    /// Members do not look for second clusters, and do not answer those that do.
    package static let ignoresSecondClusters = MembershipMutation(rawValue: 1 << 35)
    /// No member asks seeds that do not run more often than every few seconds.
    package static let looksSeldom = MembershipMutation(rawValue: 1 << 36)
    /// A founder continues above the up-numbers that it remembers itself, whatever the others remember.
    package static let foundsFromOwnMemory = MembershipMutation(rawValue: 1 << 37)
    /// A seed that was started again votes at once, though it may have voted before and does not hear from the others.
    package static let forgetsVotes = MembershipMutation(rawValue: 1 << 51)
    /// Joiners do not report the up-numbers that they remember.
    package static let forgetsJoinersNumbers = MembershipMutation(rawValue: 1 << 52)
    /// A node that hung lets others in before any former member has acknowledged it.
    package static let letsInAfterHanging = MembershipMutation(rawValue: 1 << 53)
    /// A seed gives its vote to every candidate.
    package static let votesForAll = MembershipMutation(rawValue: 1 << 34)
}

extension MembershipMutation {
    /// Whether the deliberate bugs are compiled in: with the package trait `Mutations` only, never in a product.
    package static var areCompiledIn: Bool {
        #if Mutations
            true
        #else
            false
        #endif
    }

    #if !Mutations
        /// Always `false`: the compiler drops the branches of the deliberate bugs.
        package func contains(_ mutation: MembershipMutation) -> Bool { false }
    #endif
}
