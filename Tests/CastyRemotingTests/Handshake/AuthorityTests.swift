import CastyCore
import CastyRemoting
import CastyTestSupport
import NIOCore
import Testing

private let start = Instant(nanoseconds: 1_000)

@Suite("What credentials allow")
struct AuthorityTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let authentication: PeerAuthentication?
        let observes: Bool
        let isDemanded: Bool
        /// What the peer may do, or why it is refused.
        let granted: PeerAuthentication.Capability?
        let refusal: RefusalReason?

        var testDescription: String {
            "\(authentication.map { "\($0.capability) \($0.hosts ?? [])" } ?? "none"), observes: \(observes), demanded: \(isDemanded)"
        }
    }

    private static func allowed(
        _ authentication: PeerAuthentication?, observes: Bool, _ granted: PeerAuthentication.Capability,
        isDemanded: Bool = true
    ) -> Case {
        Case(
            authentication: authentication, observes: observes, isDemanded: isDemanded, granted: granted, refusal: nil)
    }

    private static func refused(
        _ authentication: PeerAuthentication?, observes: Bool, _ reason: RefusalReason
    ) -> Case {
        Case(authentication: authentication, observes: observes, isDemanded: true, granted: nil, refusal: reason)
    }

    private static let client = UniqueAddress(
        address: ClientName.address("client", incarnation: uniqueA.incarnation), incarnation: uniqueA.incarnation)

    static let cases = [
        allowed(nil, observes: false, .member, isDemanded: false),
        allowed(nil, observes: true, .operate, isDemanded: false),
        refused(nil, observes: false, .notAuthenticated), refused(nil, observes: true, .notAuthenticated),
        allowed(PeerAuthentication(.member), observes: false, .member),
        allowed(PeerAuthentication(.member), observes: true, .operate),
        refused(PeerAuthentication(.operate), observes: false, .notAllowed),
        allowed(PeerAuthentication(.operate), observes: true, .operate),
        refused(PeerAuthentication(.observe), observes: false, .notAllowed),
        allowed(PeerAuthentication(.observe), observes: true, .observe),
        allowed(PeerAuthentication(.member, hosts: [uniqueA.address.host]), observes: false, .member),
        refused(PeerAuthentication(.member, hosts: ["another.host"]), observes: false, .notAllowed),
        refused(PeerAuthentication(.member, hosts: []), observes: false, .notAllowed),
        allowed(PeerAuthentication(.member, hosts: ["another.host"]), observes: true, .operate),
    ]

    private static func frame(_ message: HandshakeMessage) -> Frame {
        var payload = ByteBuffer()
        message.encode(into: &payload)
        return Frame(header: FrameHeader(message.kind), lane: .control, payload: payload)
    }

    private static func settings(_ local: UniqueAddress, isDemanded: Bool) -> Handshake.Settings {
        Handshake.Settings(cluster: "shop", local: local, demandsAuthentication: isDemanded)
    }

    @Test("a caller gets what its credentials and its hello both allow, or a refusal with the reason", arguments: cases)
    func callers(_ example: Case) throws {
        var handshake = Handshake(accepting: Self.settings(uniqueB, isDemanded: example.isDemanded))
        _ = handshake.onConnected(at: start)
        let hello = HandshakeMessage.hello(
            .init(
                cluster: "shop", from: example.observes ? Self.client : uniqueA, to: nodeB, expected: nil,
                capabilities: Capabilities(observe: example.observes)))
        let effects = handshake.onFrame(Self.frame(hello), from: example.authentication, at: start)
        switch effects.first {
        case .decide(let peer): #expect(peer.authority == example.granted)
        case .send(.refusal(let refusal)):
            #expect(refusal.reason == example.refusal)
            #expect(!refusal.message.isEmpty)
        default: Issue.record("\(effects)")
        }
    }

    @Test("only a node may welcome others", arguments: cases.filter { !$0.observes })
    func welcomes(_ example: Case) throws {
        var handshake = Handshake(dialling: nodeA, Self.settings(uniqueB, isDemanded: example.isDemanded))
        _ = handshake.onConnected(at: start)
        let welcome = HandshakeMessage.welcome(
            .init(version: 2, cluster: "shop", from: uniqueA, to: uniqueB, capabilities: Capabilities()))
        let effects = handshake.onFrame(Self.frame(welcome), from: example.authentication, at: start)
        switch effects.first {
        case .established: #expect(example.granted == .member)
        case .close(let failure): #expect(failure.code == example.refusal.map { .refuses($0) })
        default: Issue.record("\(effects)")
        }
    }

    @Test("only a node's refusal counts", arguments: cases.filter { !$0.observes })
    func refusals(_ example: Case) throws {
        for reason in RefusalReason.allCases {
            var handshake = Handshake(dialling: nodeA, Self.settings(uniqueB, isDemanded: example.isDemanded))
            _ = handshake.onConnected(at: start)
            let refusal = HandshakeMessage.refusal(.init(reason: reason, message: "no", from: uniqueA))
            let effects = handshake.onFrame(Self.frame(refusal), from: example.authentication, at: start)
            guard case .close(let failure)? = effects.first else {
                Issue.record("\(effects)")
                continue
            }
            #expect(failure.code == (example.granted == .member ? .refused(reason) : .refusedWithoutProof))
            #expect(failure.peer == (example.granted == .member ? uniqueA : nil))
        }
    }

    @Test(
        "a certificate covers the hosts that it names, and one label for a star",
        arguments: [
            ("10.0.0.7", ["10.0.0.7"], true), ("10.0.0.70", ["10.0.0.7"], false), ("A.Shop", ["a.shop"], true),
            ("a.shop", ["*.shop"], true), ("a.b.shop", ["*.shop"], false), ("shop", ["*.shop"], false),
            (".shop", ["*.shop"], false), ("", ["*."], false), ("a.shop", [], false),
        ] as [(String, [String], Bool)])
    func hosts(_ host: String, _ names: [String], _ isCovered: Bool) {
        #expect(PeerAuthentication(.member, hosts: names).covers(host) == isCovered)
    }
}
