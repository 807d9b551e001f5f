// Who is there: decided at the end of each turn, when all comings and goings of the turn are known.
extension ShardState {
    /// Whether somebody reads, or did a moment ago.
    func presence(of recipient: Recipient, now: MonotonicInstant) -> Presence {
        let isThere = (inboxes[recipient]?.online ?? 0) > 0
        return Presence(recipient: recipient, isOnline: isThere || presence.lingers(recipient, now))
    }

    /// Registers a watcher.
    ///
    /// - Returns: How it is now, in the order of `recipients`. Every change after that is told.
    mutating func watch(_ watcher: PresenceWatcher, _ recipients: [Recipient], now: MonotonicInstant) -> [Presence] {
        precondition(watcher.recipients.isEmpty, "a watcher is registered once")
        watcher.recipients = recipients
        forgetDepartures(now)
        return recipients.map { recipient in
            let present = presence(of: recipient, now: now)
            watcher.places.append(presence.watch(recipient, isOnline: present.isOnline, by: watcher))
            return present
        }
    }

    /// Lets a watcher go; nothing happens if it has gone already.
    mutating func unwatch(_ watcher: PresenceWatcher) {
        for (recipient, place) in zip(watcher.recipients, watcher.places) { presence.unwatch(recipient, at: place) }
        (watcher.recipients, watcher.places) = ([], [])
    }

    /// Decides what the comings and goings of this turn mean.
    mutating func settlePresence(now: MonotonicInstant) {
        guard presence.isWatched else {
            return presence.lingerChanged(until: now + limits.presenceLinger, now)
        }
        for inbox in presence.takeChanged() {
            if (inboxes[inbox.recipient]?.online ?? 0) == 0 {
                let forgotten = presence.linger(inbox, until: now + limits.presenceLinger)
                if let forgotten { tellPresence(of: forgotten, now: now) }
            }
            tellPresence(of: inbox.recipient, now: now)
        }
        forgetDepartures(now)
    }

    /// Forgets departures that are over, and tells those who ask.
    mutating func forgetDepartures(_ now: MonotonicInstant) {
        while let recipient = presence.popDue(now) { tellPresence(of: recipient, now: now) }
    }

    private mutating func tellPresence(of recipient: Recipient, now: MonotonicInstant) {
        presence.note(recipient, isOnline: presence(of: recipient, now: now).isOnline)
    }
}

/// Somebody who is told of comings and goings: an opaque handle, like a reader.
///
/// It belongs to the shard that it was given to, and everything in it is touched only there; hence unchecked.
package final class PresenceWatcher: @unchecked Sendable {
    private let sink: any PresenceSink
    fileprivate(set) var recipients: [Recipient] = []
    /// For each of them, the place in the line of those who watch it.
    fileprivate var places: [Int] = []

    /// Makes a watcher that is not registered yet.
    package init(sink: any PresenceSink) {
        self.sink = sink
    }

    /// Another has left the line of those who watch `recipient`, and this one has taken its place.
    func moved(_ recipient: Recipient, to place: Int) {
        guard let index = recipients.firstIndex(of: recipient) else { return }
        places[index] = place
    }

    /// Called by the runtime, never by the state.
    func receive(_ presence: Presence) {
        sink.presenceChanged(presence)
    }
}

/// Who writes what a watcher is told.
package protocol PresenceSink: AnyObject, Sendable {
    /// Somebody has come or gone. Called on the executor of the shard that the watcher was given to.
    func presenceChanged(_ presence: Presence)
}
