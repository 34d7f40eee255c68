import Casty
import CastyClient
import CastyManagement
import CastyPostgres
import CastyTLS
import CoreMetrics
import Logging
import ServiceLifecycle
import Tracing
import UnixSignals

// The code of the pages in Casty.docc, line by line: `ReadmeTests` compares the two. It is compiled, and not run.

struct PrintJob: Codable, Sendable {
    var text: String
    var copies: Int?  // since version 2: older nodes leave it out
}

struct Headline: Codable, Sendable {
    let text: String
}

extension ServiceKey<PrintJob> {
    static let printers = ServiceKey("printers")
}

enum AccountEvent: Codable, Sendable {
    case deposited(Int)
    case withdrawn(Int)
}

enum AccountMessage: Codable, Sendable {
    case deposit(Int, replyTo: ActorRef<Int>)
    case withdraw(Int, replyTo: ActorRef<Int>)
}

enum AccountCommand: Codable, Sendable {
    case deposit(Int, replyTo: ActorRef<Int>)
    case statement
}

enum Order: Codable, Sendable {
    case place, pay, paymentIsLate
}

enum OrderState: Codable, Sendable {
    case open, placed, paid, cancelled
}

protocol Server: Sendable {
    func close() async throws
    func drained() async
}

struct Pages: Sendable {
    static func printing() -> Behavior<PrintJob> { .receive { _, _ in .same } }
    static func writing() -> Behavior<String> { .receive { _, _ in .same } }

    func account(_ entity: EntityContext) -> Behavior<AccountCommand> {
        .eventSourced(entity, 0) { _, _, message in
            switch message {
            case .deposit(let amount, let replyTo):
                try entity.remind("statement", at: entity.wallTime + .seconds(86_400), AccountCommand.statement)
                return .persist(.deposited(amount)).then { replyTo.tell($0) }
            case .statement: return .none
            }
        } apply: { (balance: inout Int, event: AccountEvent) in
            switch event {
            case .deposited(let amount): balance += amount
            case .withdrawn(let amount): balance -= amount
            }
        }
    }

    func order(_ entity: EntityContext) -> Behavior<Order> {
        .durable(entity, OrderState.open) { state, _, order in
            switch order {
            case .place:
                state = .placed
                try entity.remind("payment", at: entity.wallTime + .seconds(86_400), Order.paymentIsLate)
            case .pay:
                state = .paid
                try entity.cancelReminder("payment")
            case .paymentIsLate: state = .cancelled
            }
            return .same
        }
    }

    static func events(
        _ node: CastyNode, _ accounts: EntityType<AccountMessage>, _ store: any EventStore,
        _ events: EventForm<AccountEvent>
    ) throws {
        try node.host(accounts, state: .eventSourced(store)) { entity in
            .eventSourced(entity, 0, events: events, snapshots: .every(100)) { balance, context, message in
                switch message {
                case .deposit(let amount, let replyTo):
                    return .persist(.deposited(amount)).then { replyTo.tell($0) }
                case .withdraw(let amount, let replyTo):
                    guard amount <= balance else { return .unhandled }
                    return .persist(.withdrawn(amount)).then { replyTo.tell($0) }
                }
            } apply: { balance, event in
                switch event {
                case .deposited(let amount): balance += amount
                case .withdrawn(let amount): balance -= amount
                }
            }
        }
    }

    static func following(_ store: any EventStore, _ system: ActorSystem, after start: EventOffset) async throws {
        var known = start
        let events = EventForm<AccountEvent>(
            version: 2, manifest: "account",
            upcast: { old in [.deposited(Int(String(decoding: old.payload, as: UTF8.self)) ?? 0)] },
            tags: { event in if case .withdrawn = event { ["withdrawals"] } else { [] } })
        for try await element in store.eventLog(
            .tag("withdrawals"), after: known, wait: { try await system.sleep(for: .seconds(1)) })
        {
            print(element.event.entity, element.event.sequence)
            known = element.offset
        }
        _ = events
    }

    static func certificates() throws {
        let node = try CastyNode("shop") {
            $0.bind = "0.0.0.0:25520"
            $0.advertise = "10.0.0.7:25520"
            $0.tls = .mutual(certificate: "node.pem", key: "node.key", trust: "ca.pem", checksNames: true)
        }
        _ = node
    }

    static func secret() throws {
        let node = try CastyNode("shop") {
            $0.bind = "10.0.0.7:25520"
            $0.tls = .sharedSecret(file: "/run/secrets/casty")
        }
        _ = node
    }

    static func finding(_ node: CastyNode) async throws {
        let printer = try node.spawn(printing())
        try node.receptionist.register(printer, for: .printers)

        let known = node.receptionist.find(.printers)
        known.reachable.first?.tell(PrintJob(text: "invoice 7"))

        for await listing in node.receptionist.subscribe(.printers) {
            print("\(listing.reachable.count) of \(listing.all.count) printers can be reached")
        }
    }

    static func routing(_ node: CastyNode) throws {
        let workers = try node.spawn(Routers.pool(size: 8, .roundRobin) { printing() }, name: "printers")
        let anywhere = try node.spawn(Routers.group(.printers, .random, prefersLocal: true), name: "any-printer")
        let sorted = try node.spawn(Routers.group(.printers, .consistentHash(\.text)), name: "printer-by-text")
        _ = (workers, anywhere, sorted)
    }

    static func publishing(_ node: CastyNode, _ reader: ActorRef<Headline>) {
        let news = Topic<Headline>("news")
        node.topic(news).subscribe(reader)
        node.topic(news).publish(Headline(text: "Casty has topics"))
        node.topic(news).unsubscribe(reader)
    }

    static func threads(_ node: CastyNode, _ documents: EntityType<String>) throws {
        let writer = try node.system.spawn(writing(), name: "writer", dispatcher: .blocking)
        try node.host(documents) { entity in
            .on(.blocking, writing())
        }
        _ = writer
    }

    static func ending(_ node: CastyNode, _ server: any Server) {
        node.system.shutdown.add(.stopAccepting, "http") { try await server.close() }
        node.system.shutdown.add(.finishWork, "orders", within: .seconds(8)) { await server.drained() }
    }

    static func metrics(_ node: CastyNode, _ backend: any MetricsFactory) throws {
        MetricsSystem.bootstrap(backend)
        try node.report(to: MetricsSystem.factory, every: .seconds(5))
    }

    static func managing(_ node: CastyNode, _ secret: String, _ logger: Logger) async throws {
        let management = try ManagementServer(for: node) {
            $0.bind = "127.0.0.1:8558"
            $0.token = try ManagementToken(secret)
        }
        let group = ServiceGroup(services: [management, node], gracefulShutdownSignals: [.sigterm], logger: logger)
        try await group.run()
    }

    static func allMetrics(_ node: CastyNode) throws {
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        let server = try ManagementServer(for: node) { $0.metrics = metrics }
        _ = server
    }

    static func tracing(_ tracer: some Tracer, _ cart: EntityRef<Cart>) async throws {
        InstrumentationSystem.bootstrap(tracer)
        let node = try CastyNode("shop") {
            $0.tracer = tracer
        }
        try await tracer.withSpan("checkout") { span in
            let items = try await cart.ask { .list(replyTo: $0) }  // the cart's handler runs in this trace
            span.attributes["items"] = items.count
        }
        _ = node
    }

    static func postgres(
        _ orders: EntityType<Order>, _ order: @escaping @Sendable (EntityContext) -> Behavior<Order>
    ) async throws {
        let stores = try PostgresStores("postgres://shop@db.internal/shop?sslmode=verify-full")
        let node = try await CastyNode.start("shop") { $0.store = stores }
        try node.host(orders, state: .durable(stores.entities), remember: stores.remembered) { entity in order(entity) }
    }

    static func clients(_ node: CastyNode, _ accounts: EntityType<AccountCommand>) async throws {
        @Sendable func account(_ entity: EntityContext) -> Behavior<AccountCommand> { Pages().account(entity) }
        try node.host(accounts) { entity in account(entity) }
        try node.serveClients()
        try await asking(accounts)
    }

    static func asking(_ accounts: EntityType<AccountCommand>) async throws {
        let client = try CastyClient("shop", nodes: ["10.0.0.7:25520", "10.0.0.8:25520"]) {
            $0.tls = .sharedSecret(file: "operate.secret")
        }
        let account = client.entity(accounts, "account-17")
        try await account.tell(.statement)
        let balance = try await account.ask { .deposit(100, replyTo: $0) }
        await client.close()
        _ = balance
    }

    struct Unreadable: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    static func text(_ node: CastyNode, _ accounts: EntityType<AccountCommand>) throws {
        try node.serveText(accounts, reply: { (balance: Int) in "\(balance)" }) { text in
            guard let amount = Int(text) else { throw Unreadable("an amount to deposit, such as 100") }
            return { .deposit(amount, replyTo: $0) }
        }
    }

    static func evolution(_ types: TypeRegistry) throws {
        try types.register(PrintJob.self, name: "office.print-job")
    }
}
