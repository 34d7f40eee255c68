/// The scenarios of the tour: the files in `demo/tour`, word for word. A test compares them.
enum MissionTexts {
    static let firstCluster = #"""
        # First cluster: three nodes meet, agree, and share the work

        seed 1
        seeds n1,n2,n3
        nodes 1
        shards 24

        note "A cluster begins with one node. n1 comes first in the list of seeds, so it may found the cluster; then n2 and n3 ask it to let them in. Watch the pane Members at the top left."
        wait 3s
        start n2
        expect members n1,n2 up within 10s
        wait 3s
        start n3
        expect members n1,n2,n3 up within 10s
        expect converged within 5s

        note "All three are up, and the first line says that all views agree: each node holds the same list of members in the same version. No master keeps that list. It spreads by gossip."
        spawn account-1..account-60
        expect shards balanced within 20s
        wait 5s

        note "60 accounts were opened: entities, spread over 24 shards. The grid in Shards shows the node of each shard, eight for each node. The coordinator on n1, the oldest node, decided so."
        load 50/s over 60 entities for 25s
        wait 10s

        note "50 messages a second flow. A sender needs no address, only a name such as account-7: any node finds the way. A deposit goes in through n2 now, and n3 asks for the balance."
        tell account-7 deposit 100 via n2
        ask account-7 balance via n3 within 5s
        wait 10s

        note "No message was lost, no account ran twice, and no node was suspected without cause. That is the calm. The next mission breaks it."
        expect lost 0
        expect single-activation
        expect no member-unreachable since start
        expect converged within 5s

        """#

    static let nodeDies = #"""
        # A node dies: suspicion, a decision, and recovery

        seed 42
        nodes 3
        shards 24

        note "Three nodes start and open 60 accounts. Account 1, 2 and 3 get 100 each. In a moment one node dies."
        expect members n1,n2,n3 up within 10s
        spawn account-1..account-60
        expect shards balanced within 20s
        tell account-1 deposit 100
        tell account-2 deposit 100
        tell account-3 deposit 100
        ask account-1 balance -> 100 within 5s
        ask account-2 balance -> 100 within 5s
        ask account-3 balance -> 100 within 5s
        wait 3s

        note "n3 crashes now, without a goodbye. The others only notice that its heartbeats stop. Watch the pane Phi: the longer the silence, the higher the phi of n3. Above 8, n3 counts as unreachable."
        kill n3
        expect n3 unreachable within 3s

        note "Unreachable is not dead: perhaps n3 only hangs. So nothing moves yet. Its shards stand still, because running an account twice would be worse. Move the cursor to n3 and press w to see why."
        expect n3 removed within 10s

        note "The view of n1 and n2 was stable for long enough, and they are two of three: the majority. They declared n3 down and removed it. Its shards start on n1 and n2 now."
        ask account-1 balance -> 100 within 10s
        ask account-2 balance -> 100 within 10s
        ask account-3 balance -> 100 within 10s
        expect shards balanced within 20s
        wait 5s

        note "Each account still has its 100, wherever it runs: balances are stored. Now n3 starts again at its old address. To the others it is a new node with an old name."
        restart n3
        expect members n1,n2,n3 up within 15s
        expect shards balanced within 30s
        wait 5s

        note "n3 is up again and has its share of the shards back. In the next mission a node stops answering without being dead."
        expect converged within 10s
        expect single-activation

        """#

    static let frozenIsNotDead = #"""
        # Frozen is not dead: a node that hangs is forgiven, and once it is not

        seed 7
        nodes 3
        shards 24

        note "Three nodes again, with 60 accounts. A node may be silent without being dead: a long garbage collection, a suspended machine. No other node can tell the difference."
        expect members n1,n2,n3 up within 10s
        expect converged within 5s
        spawn account-1..account-60
        expect shards balanced within 20s
        tell account-7 deposit 100
        ask account-7 balance -> 100 within 5s

        note "n2 hangs for half a second. Watch its phi: it rises and falls again. Phi compares a silence with the usual gaps between heartbeats, so a short pause raises no alarm."
        freeze n2
        at +500ms thaw n2
        wait 6s
        expect no member-unreachable since start

        note "n2 hangs again, until the others count it as unreachable. Then it answers, and is forgiven: no member was removed, no shard has moved."
        freeze n2
        expect n2 unreachable within 3s
        thaw n2
        expect n2 up within 5s
        expect converged within 10s
        expect no member-removed since start
        wait 3s

        note "Now n2 hangs for long. n1 and n3 cannot wait for ever: they declare it down and start its shards themselves. But n2 is not dead. It still believes that it owns its shards."
        freeze n2
        expect n2 unreachable within 3s
        expect n2 removed within 12s
        ask account-7 balance via n1 -> 100 within 10s
        wait 3s

        note "n2 wakes up. Before any of its accounts may act, it sees that its leases on the shards have run out, and then that the cluster has removed it. It stops by itself."
        thaw n2
        expect stopped n2 within 15s
        wait 3s

        note "No account ever ran twice, though for a while two nodes claimed the same shards. In the next mission the nodes are all well, and the network is not."
        expect members n1,n3 up within 5s
        expect shards balanced within 20s
        expect single-activation

        """#

    static let splitBrain = #"""
        # Split brain: the network breaks in two, and one side survives

        seed 5
        set downing keep-majority
        nodes 5
        shards 24

        note "Five nodes and 60 accounts under load. A network can break so that each half believes that the other half is dead. If both went on, every account would run twice."
        expect members n1,n2,n3,n4,n5 up within 15s
        spawn account-1..account-60
        expect shards balanced within 20s
        load 50/s over 60 entities for 30s
        wait 3s

        note "The network breaks now: n1 and n2 on one side, n3, n4 and n5 on the other. n1 is the oldest node and the coordinator. Which side will survive? The pane Network shows the cut."
        cut n1,n2 | n3,n4,n5
        expect n1 unreachable on n3,n4,n5 within 5s

        note "Each side sees the other as unreachable, and each decides alone by the same rule: the side with more members stays. Neither needs to ask the other one."
        expect members n3,n4,n5 up on n3,n4,n5 within 15s
        expect stopped n1,n2 within 15s

        note "Three of five is a majority: n3, n4 and n5 went on, and n3 is the coordinator now. n1 and n2 saw that they are the minority, and stopped. No message through them is answered any more."
        expect coordinator n3 within 10s
        ask account-7 balance via n4 within 10s
        wait 5s

        note "The network is repaired, and n1 and n2 start again. They join the cluster that has survived; they do not found a second one, though n1 is still the first of the seeds."
        heal
        restart n1,n2
        expect members n1,n2,n3,n4,n5 up within 20s
        expect shards balanced within 30s

        note "One cluster before, one during, one after, and no account ever ran twice. The last mission moves shards while messages flow."
        expect converged within 10s
        expect single-activation

        """#

    static let shardsMove = #"""
        # Shards move under load: nodes come and go, and no message is lost

        seed 29
        nodes 2
        shards 24

        note "Two nodes share 24 shards, twelve each, and 100 messages a second flow through them. Nothing is cut or killed in this mission: it is about moving house."
        expect members n1,n2 up within 8s
        spawn account-1..account-60
        expect shards balanced within 10s
        load 100/s over 60 entities for 60s
        wait 4s

        note "n3 joins. The coordinator hands four shards of each node over to it. During a handoff messages for the shard wait; its accounts stop at the old node, and only then start at the new one."
        start n3
        expect members n1,n2,n3 up within 10s
        expect shards balanced within 30s
        wait 4s

        note "Eight each. You may also decide yourself: shard 12 moves to n1 and stays there, whatever the balance says."
        pin shard 12 to n1
        expect shard 12 on n1 within 15s
        wait 4s

        note "Now n2 leaves, as before an upgrade. It says so, hands over all its shards first, and goes when it has none. Compare that with the crash of mission 2: no node suspects anything."
        leave n2
        expect stopped n2 within 30s
        expect members n1,n3 up within 10s
        wait 4s

        note "Shards have moved in and out of a node, and at no time did a message get lost, or an account run twice."
        expect shards balanced by 1 within 30s
        expect lost 0
        expect single-activation
        expect no member-unreachable since start

        """#
}
