import CastySharding

/// What a testbed observes of a sample, and injects into it.
struct SampleHooks: Sendable {
    /// Called first; throws if the entity is to fail.
    var starting: @Sendable (EntityContext) throws -> Void = { _ in }
    /// Called with each command when its handling begins; throws if the handler is to fail.
    var handled: @Sendable (EntityContext, EntityCommand) throws -> Void = { _, _ in }
    /// Called with each command that the entity does not understand.
    var misunderstood: @Sendable (EntityContext, EntityCommand) -> Void = { _, _ in }
    /// Called with each change that the store rejected.
    var refused: @Sendable (EntityContext, EntityStoreError) -> Void = { _, _ in }
    /// Called when a change is saved, before it is acknowledged.
    var saved: @Sendable (EntityContext) -> Void = { _ in }
    /// Called with what happens to the entity's reminders.
    var reminding: @Sendable (ReminderOracle.News, EntityContext) -> Void = { _, _ in }
    /// How long the handling of a command takes; `nil` for no time.
    var duration: @Sendable () -> Duration? = { nil }
}
