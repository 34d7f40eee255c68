import CastyCore
import CastyInvariants
import CastyMembership
import CastyPlacement
import CastyTestbed
import Testing

/// Each bug of sharding that can be switched on must be caught by the rule that is there for it.
@Suite("Mutation of sharding")
struct PlacementMutationTests {
    /// A bug, the rules of which one at least must tell it, and a story in which it comes to light.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let mutations: PlacementMutations
        let ids: Set<String>
        let story: String
        var bufferLimit: Int?
        /// A bug of the membership without which it does not come to light.
        var membership: MembershipMutations

        init(
            _ name: String, _ mutations: PlacementMutations, _ ids: Set<String>, _ story: String,
            bufferLimit: Int? = nil,
            with membership: MembershipMutations = []
        ) {
            self.membership = membership
            self.name = name
            self.mutations = mutations
            self.ids = ids
            self.story = story
            self.bufferLimit = bufferLimit
        }

        var testDescription: String { name }
    }

    private static let start = "nodes 3\nwait 1s\nspawn account-1..account-30\nwait 1s\n"
    private static let refusedEvents = """
        set account-state events
        nodes 2
        wait 2s
        spawn account-1..account-5
        load 50/s over 5 entities for 4s
        wait 1s
        fault disk n1,n2 error full for 1s
        wait 8s
        """
    /// Accounts are reminded, and nothing else starts them where their node dies.
    private static let remindedAcrossCrash = """
        set account-state durable
        nodes 3
        wait 2s
        tell account-1..account-20 remind 20 deposit 1
        wait 3s
        kill n3
        wait 90s
        """
    private static let busy = start + "load 150/s over 30 entities for 4s\n"
    /// One link is so long that messages on it are under way while orders on the others have come.
    private static let far = start + "link n2 n3 latency 90ms\nload 150/s over 9 entities for 4s\n"
    /// The shards of the entities of that load.
    private static let loaded = [22, 3, 8, 21, 2, 7, 12, 1, 6]
    private static let moves =
        far
        + (0..<27).map { "move shard \(loaded[$0 % 9]) to n\(($0 + $0 / 9) % 3 + 1)\nwait 150ms" }
        .joined(separator: "\n")
    /// The same, with handlers that take so long that messages wait for them.
    private static let busyMoves = "nodes 3\nfault stall n1,n2,n3 period 400ms\n" + moves.dropFirst("nodes 3\n".count)
    /// n3 speaks to the entities of these three shards, and does not hear from the coordinator that they move.
    private static let lostOrders =
        far
        + "move shard 8 to n2\nmove shard 7 to n2\nmove shard 6 to n2\nwait 600ms\ncut n1 | n3\n"
        + "move shard 8 to n1\nmove shard 7 to n1\nmove shard 6 to n1\nwait 2600ms\nheal\nwait 2s"
    /// Some saves take longer than their entities live.
    private static let hangingStores =
        "nodes 3\nexpect members n1,n2,n3 up within 15s\nspawn account-1..account-10\n"
        + "fault disk n1,n2,n3 error hanging\nload 40/s over 10 entities for 60s\nwait 80s"

    /// n3 hangs while its stores write, and goes on when the others have long written the same accounts.
    private static let hungStores =
        start
        + "fault disk n1,n2,n3 error slow\nload 40/s over 30 entities for 40s\nwait 2s\nfreeze n3\nwait 16s\nthaw n3\nwait 20s"
    private static let crash = start + "wait 8s\nload 20/s over 30 entities for 16s\nwait 1s\nkill n2\nwait 14s"
    /// A person declares n2 down as it is cut off: it may act until its lease ends.
    private static let cutAndDown =
        start + "wait 8s\nload 20/s over 30 entities for 16s\nwait 1s\ncut n2 | n1,n3\ndown n2 by n1\nwait 14s"
    /// The same as it crashes, so that no act of it can show that it was too early.
    private static let crashAndDown =
        start + "wait 8s\nload 20/s over 30 entities for 16s\nwait 1s\nkill n2\ndown n2 by n1\nwait 14s"
    private static let failover = busy + "wait 500ms\nkill n1\nwait 12s"
    private static let overflow = start + "kill n2\nload 100/s over 30 entities for 10s\nwait 11s"
    /// Handlers take so long that messages wait for them when they are put to sleep.
    private static let sleep =
        "nodes 3\nfault stall n1,n2,n3 period 400ms\n" + busy.dropFirst("nodes 3\n".count)
        + (0..<8).map { _ in "passivate account-1..account-30\nwait 200ms" }.joined(separator: "\n")

    /// n1 moves a shard to n3 over a slow link, and leaves at once. n3 hears of that first, from n4, and reports to n2 what it runs; then the
    /// order comes.
    private static let lateOrder = """
        nodes 4
        expect members n1,n2,n3,n4 up within 15s
        spawn account-1..account-40
        expect shards balanced within 20s
        rebalance pause
        wait 2s
        move shard 22 to n3
        move shard 3 to n3
        move shard 5 to n3
        wait 6s
        link n1 n3 latency 300ms
        link n2 n3 latency 400ms
        wait 10s
        at +1000ms move shard 21 to n3
        at +1620ms leave n1
        \((0..<60).map { "at +\(1500 + 40 * $0)ms tell account-4 deposit 1 via n\(3 + $0 % 2)" }.joined(separator: "\n"))
        wait 20s
        """
    /// Handlers on n2 are at work when it hangs; when it goes on its shards are others', which have written.
    private static let hungHandlers =
        start
        + "fault stall n2 period 3s\nload 100/s over 30 entities for 20s\nwait 3s\nfreeze n2\nwait 15s\nthaw n2\nwait 8s"
    /// The only node with the role is cut off and declared down; the one that comes after it has been removed finds its
    /// tombstone while it may still act.
    private static let newRole =
        "roles n3 backend\nset account-role backend\nnodes 3\nwait 3s\nspawn account-1..account-30\nwait 3s\n"
        + "load 20/s over 30 entities for 8s\ncut n3 | n1,n2\ndown n3 by n1\nwait 1600ms\nstart n4 roles backend\n"
        + "cut n3 | n4\nwait 9s"
    /// n5 has been cut off from the leader for a second, but not from the others, when it is declared down and they lose
    /// it too.
    private static let lostByLeader =
        "nodes 5\nexpect members n1,n2,n3,n4,n5 up within 20s\nspawn account-1..account-60\nwait 9s\n"
        + "load 20/s over 60 entities for 12s\nwait 1s\ncut n1 | n5\nwait 1s\ncut n5 | n2,n3,n4\ndown n5 by n1\nwait 9s"
    /// The only node with the role leaves, and the next one is given its up-number once more.
    private static let replacedRole =
        "roles n3 backend\nset account-role backend\nnodes 3\nwait 3s\nspawn account-1..account-30\nwait 3s\n"
        + "leave n3\nwait 9s\nstart n4 roles backend\nwait 5s\ntell account-1..account-30 deposit 1\nwait 20s"
    private static let drainedOnly =
        "nodes 2\nwait 2s\nspawn account-1..account-9\nwait 2s\ndrain n1\nwait 3s\nleave n2\nwait 12s\n"
        + "tell account-1..account-9 deposit 1\nwait 40s"

    /// The only node that may host accounts leaves.
    private static let orphan =
        "roles n3 backend\nset account-role backend\nnodes 3\nexpect members n1,n2,n3 up within 15s\n"
        + "ask account-1 balance\nleave n3\nexpect n3 removed within 20s\nask account-1 balance via n1 within 5s"

    static let cases: [Case] = [
        Case("a coordinator of the past is obeyed", [.obeysFormer], ["S1"], lateOrder),
        Case("entities act without a lease", [.skipsLease], ["S1"], busy + "freeze n2\nwait 8s\nthaw n2\nwait 1s"),
        Case("a shard is said to be stopped when it is not", [.acknowledgesEarly], ["S2"], moves),
        Case("a removal is followed at once", [.skipsMargin], ["S2"], cutAndDown),
        Case("a removal is followed at once, of a node that crashed", [.skipsMargin], ["S2"], crashAndDown),
        Case(
            "the margin counts from the last acknowledgement of the leader", [], ["S2"], lostByLeader,
            with: [.asksNoVoters]),
        Case("reports are not read", [.forgetsReports], ["S9"], failover),
        Case("epochs are used again", [.reusesEpoch], ["S3"], failover),
        Case(
            "a coordinator acts without a lease", [.grantsWithoutLease], ["S3"],
            "nodes 3\nwait 2s\ncut n1 | n2,n3\nwait 3500ms\nspawn account-1..account-9"),
        Case(
            "entities start anywhere", [.startsAnywhere], ["S12"],
            "nodes 3\nwait 1s\nspawn account-1..account-9\nwait 1s"
        ),
        Case("the hash is another", [.hashesByLength], ["S0"], "nodes 2\nwait 1s\nspawn account-1..account-9\nwait 1s"),
        Case("buffered messages are dropped", [.dropsBuffer], ["S6"], moves),
        Case("no node waits for messages in transit", [.skipsMarkers], ["S5"], moves),
        Case("a route lets a message out after the marker", [.leavesRouteOpen], ["S5"], moves),
        Case("what is sent again is sent twice", [.deliversTwice], ["S4"], lostOrders),
        Case("what comes back goes last", [.appendsReturned], ["S5"], lostOrders),
        Case("the sleeping lose what came", [.forgetsPassivating], ["S7"], sleep),
        Case("losses are not reported", [.losesSilently], ["S4"], overflow, bufferLimit: 20),
        Case("buffers have no bound", [.ignoresBufferLimit], ["S13"], overflow, bufferLimit: 20),
        Case(
            "messages go in circles", [.sendsInCircles], ["S12"],
            "nodes 2\nwait 1s\nspawn account-1..account-9\nwait 1s"),
        Case("a handoff never ends", [.neverEndsHandoff], ["S14"], moves + "\nwait 16s"),
        Case("balancing moves everything", [.movesAll], ["S10"], busy + "wait 5s"),
        Case(
            "balancing moves nothing", [.neverBalances], ["S10"],
            "nodes 2\nwait 1s\nspawn account-1..account-30\nwait 1s\nstart n3\nwait 60s"),
        Case(
            "what came during a pause is dropped", [.forgetsPaused], ["S4"],
            busy + "freeze n2\nwait 3300ms\nthaw n2\nwait 3s"),
        Case("an asker gets no error", [.hidesFromAskers], ["L1"], orphan),
        Case(
            "an asker is refused what only has to start", [.refusesHastily], ["L1"],
            "nodes 2\nexpect members n1,n2 up within 15s\nwait 1s\nask account-1 balance\nwait 1s"),
        Case("a fail-over takes too long", [.failsOverLate], ["S8"], crash),
        Case("an old home acts after it has said that it stopped", [.acknowledgesEarly], ["S2"], busyMoves),
        Case(
            "what is stale is written, to a store without tokens", [.skipsLease, .savesStale, .ignoresFences], ["K1"],
            hungHandlers),
        Case("a store refuses no token", [.ignoresFences], ["K1"], hungStores),
        Case("a store finds nothing that is due", [.forgetsWakes], ["K2"], remindedAcrossCrash),
        Case("events that were not written are acknowledged", [.acknowledgesUnwritten], ["K1"], refusedEvents),
        Case("the next incarnation does not wait for a save under way", [.overlapsCalls], ["K1"], hangingStores),
        Case(
            "a coordinator that joins does not wait for those who were removed before", [.ignoresTombstones], ["S2"],
            newRole),
        Case(
            "drained nodes host nothing, though there are no others", [.forbidsDrained], ["S4", "S6", "S7"], drainedOnly
        ),
        Case(
            "a coordinator goes on below an epoch that was seen", [.ignoresSeenEpochs], ["S4", "S6"], replacedRole,
            with: [.reusesUpNumbers]),
    ]

    @Test(
        "a bug that is switched on breaks the rule that is there for it",
        .enabled(if: PlacementMutation.areCompiledIn, "swift test --traits Mutations"), arguments: cases)
    func tells(_ item: Case) throws {
        var reported: Set<String> = []
        for seed in UInt64(1)...5 where reported.isDisjoint(with: item.ids) {
            reported.formUnion(try violations(item, item.mutations, seed: seed))
        }
        #expect(!reported.isDisjoint(with: item.ids), "broken were \(reported.sorted()), not \(item.ids.sorted())")
    }

    @Test(
        "without a bug the stories tell nothing",
        arguments: [
            moves, lostOrders, hungStores, refusedEvents, sleep, lateOrder, orphan, hungHandlers, newRole,
            replacedRole,
            crash,
            cutAndDown,
            crashAndDown, lostByLeader,
        ])
    func silence(_ story: String) throws {
        #expect(try violations(Case("none", [], [], story), [], seed: 1).isEmpty)
    }

    private func violations(_ item: Case, _ mutations: PlacementMutations, seed: UInt64) throws -> Set<String> {
        try StoryRun(item.story, seed: seed) { settings in
            settings.shardingMutations = mutations
            settings.membership.mutations = item.membership
            settings.bufferLimit = item.bufferLimit
        }.broken
    }
}
