import CastyCore
import CastyInvariants
import CastyMembership
import CastyPlacement
import CastyTestbed
import Testing

/// A checker that never fires is no checker: each bug that can be switched on must be caught by the invariant that is there for it.
@Suite("Mutation of the membership")
struct MutationTests {
    /// Bugs, the invariants that must tell them, and a story in which they come to light.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let mutations: MembershipMutations
        let ids: Set<String>
        let story: String
        let seeds: [UInt64]
        /// Changes travel with the rounds of gossip only, and views must be stable for longer in bigger clusters.
        let isSlow: Bool

        init(
            _ name: String, _ mutations: MembershipMutations, _ ids: Set<String>, _ story: String,
            seeds: [UInt64] = [1, 2, 3, 4, 5], isSlow: Bool = false
        ) {
            self.name = name
            self.isSlow = isSlow
            self.seeds = seeds
            self.mutations = mutations
            self.ids = ids
            self.story = story
        }

        var testDescription: String { name }
    }

    private static let kill = "nodes 3\nwait 2s\nkill n3\nwait 9s"
    private static let quiet = "nodes 3\nwait 12s"
    private static let split = "nodes 3\nwait 12s\ncut n1 | n2,n3\nwait 16s"
    private static let leave = "nodes 3\nwait 12s\nleave n3\nwait 10s"
    private static let thaw = "nodes 3\nwait 2s\nfreeze n3\nwait 9s\nthaw n3\nwait 2s"
    private static let flap = "nodes 3\nwait 8s\ncut n2 | n3\nwait 2600ms\nheal\nwait 2s"

    static let cases: [Case] = [
        Case("a merge counts", [.mergeTicks], ["M4"], "nodes 4\nwait 2s\ncut n1,n2 | n3,n4\nwait 2s\nheal\nwait 8s"),
        Case("newer gossip is ignored", [.ignoresGossip], ["M9", "M10"], quiet),
        Case("gossip is always whole", [.gossipsWhole], ["M8"], quiet),
        Case("the version never rests", [.isRestless], ["M8"], quiet),
        Case("the buried stay members", [.keepsBuried], ["M6"], kill),
        Case("the clock keeps who is gone", [.keepsGoneClocks], ["M13"], leave),
        Case("the removed are let in again", [.readmitsRemoved], ["M2", "P6"], thaw),
        Case(
            "the leader acts without agreement", [.leaderActsUnseen], ["M7"],
            "nodes 3\nwait 2s\nfreeze n2\nwait 2s\nstart n4\nwait 2s"),
        Case("everyone founds", [.everyoneFounds], ["M11"], quiet),
        Case(
            "a refused connection counts as a vote", [.foundsOnRefusal], ["M11"],
            "seeds n1,n2,n3\nnodes 5\nwait 4s\nkill n1,n2,n3\nwait 500ms\ncut n1 | n4,n5\nrestart n1\nwait 9s"),
        Case(
            "a leaving member counts as a vote", [.foundsBesideLeavers], ["M11"],
            "nodes 2\nwait 6s\nkill n1\nwait 300ms\nleave n2\nwait 100ms\nrestart n1\nwait 9s"),
        Case(
            "seeds vote for every candidate", [.votesForAll], ["M11"],
            "nodes 3\nwait 4s\nkill n1,n2,n3\nwait 500ms\nrestart n1,n2,n3\nwait 20s"),
        Case(
            "second clusters are not looked for", [.ignoresSecondClusters], ["M11"],
            "seeds n1\nnodes 3\nwait 4s\nkill n1\nwait 9s\nrestart n1\nwait 90s"),
        Case("what others remember is not asked for", [.foundsFromOwnMemory], ["M11"], earlySeedReturns),
        Case(
            "seeds that start again vote at once", [.forgetsVotes], ["S3"],
            "seeds n1,n2,n3\nnodes 3\nexpect members n1,n2,n3 up within 20s\nwait 3s\nkill n1,n2,n3\nwait 2s\n"
                + "restart n1,n2,n3\nat +540ms cut n1 | n2,n3\nat +600ms kill n2,n3\nat +650ms restart n2,n3\n"
                + "at +2600ms heal\nwait 20s"),
        Case("joiners get no answer", [.ignoresJoiners], ["M10"], quiet),
        Case(
            "a new incarnation shares its place", [.sharesPlaces], ["M1"],
            "nodes 3\nwait 12s\nkill n3\nrestart n3\nwait 9s"),
        Case("unknown peers are admitted", [.inventsMembers], ["M15"], quiet),
        Case(
            "unknown peers get no notice", [.toleratesUnknownPeers], ["M9"],
            UnknownPeerStoryTests.story + "wait 25s"),
        Case(
            "late news sends members away", [.heedsLateNews], ["F6"], "set preset lan\nnodes 9\nwait 30s", seeds: [19],
            isSlow: true),
        Case("a leaver does not say that it is done", [.leavesUnconfirmed], ["M12"], leave),
        Case("no member is ever marked", [.neverMarks], ["F1"], kill),
        Case("marks are never taken back", [.neverRefutes], ["F8"], flap),
        Case("observers mark themselves", [.marksItself], ["F2"], kill),
        Case("the gaps of outages are learnt", [.learnsOutages], ["F5"], flap),
        Case("who was late blames the others", [.blamesPeers], ["F7"], thaw),
        Case(
            "no pause is accepted, and decisions are hasty", [.isImpatient, .decidesAtOnce], ["F6"],
            "nodes 3\nwait 1s\nlink all loss 5% latency 50ms jitter 50ms\nwait 60s"),
        Case("the downed go on", [.survivesDown], ["P5"], "nodes 3\nwait 2s\ndown n3\nwait 2s"),
        Case("decisions are hasty", [.decidesAtOnce], ["P4"], kill),
        Case("joiners do not prolong the period", [.countsMembersOnce], ["P4"], joinersBesideDead, isSlow: true),
        Case("no node decides", [.neverDecides], ["P2"], split),
        Case("votes are not counted", [.ignoresVotes], ["P1", "P2", "P3"], split + "\nheal\nwait 13s"),
        Case(
            "votes are not counted while a node joins", [.ignoresVotes], ["P2"],
            "nodes 3\nwait 12s\nstart n4\nwait 300ms\ncut n1 | n2,n3,n4\nwait 45s"),
        Case(
            "joiners have a vote", [.joinersVote], ["P7"],
            "nodes 2\nwait 5s\ncut n1 | n2\nwait 2s\nstart n3\ncut n1 | n3\nwait 100ms\nstart n4\ncut n1 | n4\nwait 5s"),
        Case("changes under way are not reckoned with", [.ignoresChanges], ["P3"], promotedBesideOldest),
        Case(
            "up-numbers come back", [.reusesUpNumbers], ["M16"],
            "nodes 3\nwait 8s\nleave n3\nwait 8s\nstart n4\nwait 6s"),
        Case("new monitors prove something", [.creditsNewMonitors], ["S1"], thawedBesideDead, seeds: [17]),
        Case("non-members are acknowledged", [.acknowledgesNonMembers], ["S3"], hangsPastTombstones),
        Case("a leaver waits for ever", [.leavesForEver], ["M17"], leaveUnagreed),
    ]

    /// The oldest has just promoted a joiner when the two are cut off from the rest, which has not heard of that.
    private static let promotedBesideOldest = """
        seed 9000030
        set downing keep-oldest
        nodes 5
        expect members n1,n2,n3,n4,n5 up within 15s
        wait 4s
        link all latency 100ms
        wait 2s
        start n6
        link n6 n2 latency 100ms
        link n6 n3 latency 100ms
        link n6 n4 latency 100ms
        link n6 n5 latency 100ms
        at +250ms cut n1,n6 | n2,n3,n4,n5
        wait 40s
        """

    /// Three of fourteen die, a fourth hangs before it hears so, is removed, and wakes.
    private static let thawedBesideDead = """
        set downing keep-oldest
        nodes 14
        shards 48
        expect members n1,n2,n3,n4,n5,n6,n7,n8,n9,n10,n11,n12,n13,n14 up within 30s
        spawn account-1..account-200
        expect shards balanced within 30s
        wait 3s
        load 600/s over 200 entities for 20s
        at +2000ms kill n11,n12,n13
        at +2900ms freeze n14
        at +9000ms thaw n14
        wait 19s
        """

    private static let hangsPastTombstones = """
        set tombstones 30s
        nodes 3
        shards 24
        expect members n1,n2,n3 up within 15s
        spawn account-1..account-24
        expect shards balanced within 20s
        wait 3s
        freeze n1
        wait 199s
        load 50/s over 24 entities for 4s
        thaw n1
        wait 4s
        """

    /// n1 remembers n2 and n3 only, when the cluster lives on n4 and n5.
    private static let earlySeedReturns = """
        set memory on
        seeds n1,n2,n3
        nodes 3
        expect members n1,n2,n3 up within 20s
        kill n1
        expect members n2,n3 up on n2,n3 within 20s
        start n4,n5
        expect members n2,n3,n4,n5 up on n2,n3,n4,n5 within 20s
        leave n2
        wait 5s
        leave n3
        expect members n4,n5 up on n4,n5 within 30s
        cut n1,n2,n3 | n4,n5
        restart n1,n2,n3
        at +3s heal
        wait 30s
        """

    /// Three nodes join while the view of six is still, so that it would have to be still for longer.
    private static let joinersBesideDead = """
        set preset lan
        nodes 6
        expect members n1,n2,n3,n4,n5,n6 up within 60s
        wait 10s
        kill n4
        at +11s start n7,n8,n9
        wait 30s
        """

    private static let leaveUnagreed = """
        set downing none
        nodes 3
        expect members n1,n2,n3 up within 10s
        kill n3
        expect n3 unreachable within 5s
        leave n2
        wait 60s
        """

    @Test(
        "a bug that is switched on breaks the invariant that is there for it",
        .enabled(if: PlacementMutation.areCompiledIn, "swift test --traits Mutations"), arguments: cases)
    func tells(_ item: Case) throws {
        var reported: Set<String> = []
        for seed in item.seeds where !reported.isSuperset(of: item.ids) {
            let run = try StoryRun(item.story, seed: seed) { settings in
                settings.membership.mutations = item.mutations
                guard item.isSlow else { return }
                settings.membership.gossipAtOnce = false
                settings.membership.stableAfter = .bySize
                settings.membership.removalMargin = .bySize
            }
            reported.formUnion(run.broken)
        }
        #expect(reported.isSuperset(of: item.ids), "broken were \(reported.sorted()), not \(item.ids.sorted())")
    }
}
