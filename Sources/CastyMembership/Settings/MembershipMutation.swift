package import CastyCore

/// Deliberate bugs that tests switch on, to show that the invariants find them: none in any preset, and no setting that
/// nodes share.
///
/// Each is one branch in the code that it breaks.
package enum MembershipMutation: Int, Mutation {
    // Gossip

    /// The leader ticks its clock for a merge. (If all members did, their messages would never end.)
    case mergeTicks
    /// Newer gossip is not taken over.
    case ignoresGossip
    /// Every round sends all that is known, not a digest.
    case gossipsWhole
    /// The version grows though nothing changes.
    case isRestless
    /// A node that learns of a removal keeps the removed member among its members, beside its tombstone.
    case keepsBuried
    /// The clock keeps the entries of removed members.
    case keepsGoneClocks
    /// A removed member that sends a message becomes a member again.
    case readmitsRemoved
    /// The leader acts on versions that not all have seen.
    case leaderActsUnseen

    // Joining and leaving

    /// Every node founds a cluster at once.
    case everyoneFounds
    /// A node that asks to be let in gets no answer.
    case ignoresJoiners
    /// A new incarnation does not end the former one at its address.
    case sharesPlaces
    /// Another incarnation than the one that asked is let in.
    case inventsMembers
    /// A leaver stops without confirming that it is done.
    case leavesUnconfirmed

    /// A node that is asked to leave before its welcome has come stops at once.
    case leavesUnwelcomed

    /// No member notifies unknown peers that they are not members.
    case toleratesUnknownPeers
    /// A node that is not known to half of the members stops at once, though they may only not have heard of it yet.
    case heedsLateNews

    // Failure detection

    /// A silent peer is never marked.
    case neverMarks
    /// A peer that answers again stays marked.
    case neverRefutes
    /// A node that finds a peer silent marks itself.
    case marksItself
    /// The gap of an outage is learned like any interval.
    case learnsOutages
    /// A node that was late itself blames its peers.
    case blamesPeers
    /// No pause is accepted.
    case isImpatient
    /// A silent peer is not probed on another connection.
    case neverOpensProbeConnections

    // Split brain

    /// A node that was declared down goes on.
    case survivesDown
    /// Decisions do not wait for a stable view.
    case decidesAtOnce
    /// The stability period depends on the number of members at its start, however many have joined since.
    case countsMembersOnce
    /// No decision is ever taken.
    case neverDecides
    /// Each side removes the other one, whatever the votes.
    case ignoresVotes
    /// Members that are not up yet have a vote.
    case joinersVote

    /// Downing strategies ignore promotions and departures that may be in progress.
    case ignoresChanges

    /// The next up-number is one more than that of the youngest present member, though a younger one may have gone.
    case reusesUpNumbers
    /// A leader acts on the view that it has, however long it has not heard from anyone.
    case leadsWithoutLease
    /// A peer counts for the lease from the moment it is monitored, before it has acknowledged anything.
    case creditsNewMonitors
    /// A peer that others have marked counts for the lease as if they had marked it just now, however old the news is.
    case creditsMarks
    /// The leader takes its own last acknowledgement of a member that is down for the last of all.
    case asksNoVoters
    /// Heartbeats of non-members are acknowledged like those of members.
    case acknowledgesNonMembers
    /// A leaver waits for the agreement of all, however long that takes, and so does its removal.
    case leavesForEver
    /// Every removal is remembered for the whole time, however many there are.
    case remembersAll

    // Founding

    /// A refused connection counts as a vote.
    case foundsOnRefusal
    /// The answer of a leaving member counts as a vote.
    case foundsBesideLeavers
    /// Members do not look for second clusters, and do not answer those that do.
    case ignoresSecondClusters
    /// No member asks seeds that do not run more often than every few seconds.
    case looksSeldom
    /// A founder continues above the up-numbers that it remembers itself, whatever the others remember.
    case foundsFromOwnMemory
    /// A seed that was started again votes at once, though it may have voted before and does not hear from the others.
    case forgetsVotes
    /// Joiners do not report the up-numbers that they remember.
    case forgetsJoinersNumbers
    /// A node that hung lets others in before any former member has acknowledged it.
    case letsInAfterHanging
    /// A seed gives its vote to every candidate.
    case votesForAll
}

/// The deliberate bugs that are switched on.
package typealias MembershipMutations = MutationSet<MembershipMutation>
