package Waymark::Queue;

# The outbox: one file, one line a transaction, each line with its own hash and on the disk before it counts.
# What the file says is folded into memory; a line that was torn by a crash never happened. PROTOCOL.md, section 4.

use v5.36;
use Digest::SHA qw(sha256_hex);
use Fcntl qw(:flock O_RDWR O_CREAT O_RDONLY SEEK_SET);
use IO::Handle ();
use Waymark::Wire qw(read_json to_json);

my $COMPACT_BYTES = 1_048_576;

sub new ($class, $path) {
    my $self = bless {path => $path}, $class;
    sysopen $self->{lock}, "$path.lock", O_RDWR | O_CREAT, 0600 or die "$path.lock: $!\n";
    $self->_locked(sub { $self->_read });
    return $self;
}

# What is kept, folded: items by id, kept values by name, messages by id. To be read, never written.
sub facts ($self) { return $self->{state} }

# One transaction: `decide` sees the newest state and returns the steps to take. All are on the disk when this
# returns; if it dies, none is.
sub change ($self, $decide) {
    return $self->_locked(sub {
        $self->_read;
        my @steps = $decide->($self->{state}) or return 0;
        $self->_append(@steps);
        _apply($self->{state}, $_) for @steps;
        $self->_compact if $self->{size} > $COMPACT_BYTES && $self->{size} > 3 * $self->{alive};
        return scalar @steps;
    });
}

# What the disk holds of one item now, read again from the start.
sub read_back ($self, $item_id) {
    delete $self->{inode};
    $self->_locked(sub { $self->_read });
    return $self->{state}{items}{$item_id};
}

sub _locked ($self, $act) {
    flock $self->{lock}, LOCK_EX or die "cannot lock $self->{path}: $!\n";
    my @result = eval { $act->() };
    my $fault  = $@;
    flock $self->{lock}, LOCK_UN;
    die $fault if $fault;
    return $result[0];
}

# Takes in what was appended since, by whomever; from the start when the file is another one.
sub _read ($self) {
    sysopen my $file, $self->{path}, O_RDWR | O_CREAT, 0600 or die "$self->{path}: $!\n";
    my ($inode, $length) = (stat $file)[1, 7];
    if (!defined $self->{inode} || $inode != $self->{inode}) {
        $self->@{qw(inode size alive state)} = ($inode, 0, 0, {items => {}, kept => {}, messages => {}});
        _sync_folder($self->{path});
    }
    sysseek $file, $self->{size}, SEEK_SET;
    my $tail = '';
    while (sysread $file, $tail, 1 << 20, length $tail) { }
    my $good = 0;
    while ($tail =~ /\G([0-9a-f]{64}) ([^\n]*)\n/gc) {
        last if sha256_hex($2) ne $1;
        $good = pos $tail;
        _apply($self->{state}, $_) for @{read_json($2)};
    }
    # Only the last line can be torn: each was on the disk before the next began.
    die "$self->{path} is damaged: keep it, and ask for help\n" if substr($tail, $good) =~ /\n[^\n]/;
    truncate $file, $self->{size} + $good or die "$self->{path}: $!\n" if $good < length $tail;
    $self->{size} += $good;
    $self->{alive} = _alive($self->{state});
    $self->{file}  = $file;
    return;
}

sub _append ($self, @steps) {
    my $line = _line(@steps);
    sysseek $self->{file}, $self->{size}, SEEK_SET;
    my $written = syswrite $self->{file}, $line;
    if (($written // 0) != length $line || !$self->{file}->sync) {
        my $why = $!;
        truncate $self->{file}, $self->{size};
        die "Nothing was saved: $self->{path}: $why. Make room, then do it again.\n";
    }
    $self->{size} += length $line;
    return;
}

sub _line (@steps) {
    my $json = to_json(\@steps);
    return sha256_hex($json) . " $json\n";
}

sub _apply ($state, $step) {
    my ($what, @told) = @$step;
    if    ($what eq 'item')    { $state->{items}{$told[0]{item_id}} = $told[0] }
    elsif ($what eq 'set')     { my ($id, %fields) = @told; $state->{items}{$id}->%* = ($state->{items}{$id}->%*, %fields) }
    elsif ($what eq 'keep')    { $state->{kept}{$told[0]} = $told[1] }
    elsif ($what eq 'message') { $state->{messages}{$told[0]{id}} //= $told[0] }
    else                       { die "a newer program wrote this queue\n" }
    return;
}

# Writes the state as one line into a new file, so that bytes which were let go of are gone from the disk.
sub _compact ($self) {
    my $state = $self->{state};
    my @steps = (
        (map { ['item', $_] } values $state->{items}->%*),
        (map { ['keep', $_, $state->{kept}{$_}] } keys $state->{kept}->%*),
        (map { ['message', $_] } values $state->{messages}->%*),
    );
    my $draft = "$self->{path}.draft";
    sysopen my $file, $draft, O_RDWR | O_CREAT, 0600 or die "$draft: $!\n";
    truncate $file, 0;
    my $line = _line(@steps);
    (syswrite($file, $line) // 0) == length $line && $file->sync or return;
    rename $draft, $self->{path} or return;
    _sync_folder($self->{path});
    delete $self->{inode};
    $self->_read;
    return;
}

sub _alive ($state) {
    my $bytes = 4_096;
    $bytes += 2_048 + length($_->{sealed} // '') for values $state->{items}->%*;
    $bytes += 512 + length $_->{sealed} for values $state->{messages}->%*;
    return $bytes;
}

sub _sync_folder ($path) {
    my $folder = $path =~ s{/[^/]*\z}{}r;
    sysopen my $handle, $folder, O_RDONLY or die "$folder: $!\n";
    $handle->sync or die "$folder: $!\n";
    return;
}

1;
