import Casty
import Testing

/// Steps 5 and 17 of the plan: the names that a user finds with `import Casty`, of actors and of clusters.
///
/// That this file compiles is most of the test: none of the names needs another import.
@Suite("Steps 5 and 17: exports")
struct ExportSteps {
    @Test("5: the names of actors, addresses, transports, serializers and errors")
    func actors() {
        let types: [Any.Type] = [
            ActorAddress.self, ActorRef<Int>.self, AnyActorRef.self, ActorSystem.self, ActorContext<Int>.self,
            Behavior<Int>.self, Signal.self, SupervisionStrategy.self, MailboxCapacity.self, Terminated.self,
            NodeAddress.self, UniqueAddress.self, Instant.self, (any MessageTransport).self, LocalTransport.self,
            TCPTransport.self, (any Connection).self, (any ConnectionHandler).self, TransportError.self,
            MessageEnvelope.self, TypeRegistry.self, (any Serializer).self, JSONSerializer.self,
            BinarySerializer.self, CodecID.self, PhiAccrualFailureDetector.self, AskError.self, SpawnError.self,
            RegistrationError.self, LossEntry.self, LossReason.self, LossClass.self, LostMessage.self,
            EventStream<Int>.self,
        ]
        #expect(Set(types.map { ObjectIdentifier($0) }).count == 34)
    }

    struct OwnError: CastyError {
        struct Code: CastyErrorCode { let rawValue: String }
        let code: Code
        let message: String
    }

    @Test("every error has a code, a message and a cause, and a later version may add codes")
    func errors() {
        let errors: [any CastyError] = [
            ClusterMemoryError("gone", code: .otherCluster), EntityStoreError(.full, "gone"),
            LeaseError(.busy, "gone"), TransportError(.refused, "gone"),
        ]
        #expect(errors.map(\.message) == ["gone", "gone", "gone", "gone"])
        let codes: [String] = errors.map { error in
            func code<Failure: CastyError>(_ error: Failure) -> String { "\(error.code)" }
            return code(error)
        }
        #expect(codes == ["other cluster", "full", "busy", "refused"])
        // A switch over a code has a default.
        switch EntityStoreError(.stale, "late").code {
        case .full: Issue.record("full")
        case .stale: break
        default: Issue.record("other")
        }
        // The shape is open for a user's own errors; a code is compared, shown, and made from its name.
        #expect(
            OwnError(code: .init(rawValue: "sold out"), message: "no cart is left").description == "no cart is left")
        #expect(OwnError.Code(rawValue: "sold out").description == "sold out")
        #expect(NodeError.Code(rawValue: "second cluster") == .secondCluster)
    }

    @Test("17: the names of clusters, shards, nodes and what they show")
    func clusters() {
        let types: [Any.Type] = [
            CastyNode.self, NodeSettings.self, NodeError.self, NodeEvent.self, Seeds.self, ConnectionSecurity.self,
            MessageFormat.self, ByteCount.self, RemotingSettings.self, QueueLimits.self, Cluster.self,
            ClusterConfig.self, ClusterTimings.self, ClusterState.self, ClusterEvent.self, Member.self,
            MemberStatus.self, MemberUp.self, MemberLeft.self, UnreachableMember.self, ReachableMember.self,
            VectorClock.self, DowningStrategy.self, StopReason.self, JoinRefusal.self, FoundingWait.self,
            (any ClusterMemory).self, FileClusterMemory.self, (any MajorityLease).self, FileMajorityLease.self,
            EntityType<Int>.self, EntityRef<Int>.self, EntityState.self, EntityContext.self, ShardLimits.self,
            ShardRegion<Int>.self, ShardEnvelope<Int>.self, (any ShardAllocationStrategy).self,
            LeastShardStrategy.self, RendezvousStrategy.self, MappedStrategy.self, RegionLoad.self, ShardMove.self,
            ShardingError.self, ShardCommandError.self, Passivation.self, AskPatience.self, SingletonRef<Int>.self,
            (any EntityStore).self, InMemoryEntityStore.self, (any RememberedEntityStore).self, NodeSnapshot.self,
            MembershipSnapshot.self, PeerSnapshot.self, ShardingSnapshot.self, AssociationSnapshot.self,
        ]
        #expect(Set(types.map { ObjectIdentifier($0) }).count == 56)
    }
}
