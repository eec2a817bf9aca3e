package Waymark::Kiosk;

# The commands. Exit status and JSON are those of PROTOCOL.md, section 16.

use v5.36;
use Exporter 'import';
use Crypt::PRNG qw(random_bytes);
use Digest::SHA qw(sha256);
use Getopt::Long qw(GetOptionsFromArray);
use JSON::PP ();
use POSIX ();
use Time::HiRes ();
use Waymark::Bytes qw(from_base64url to_base64url uuid_of);
use Waymark::Home qw(enrol opened slurp spurt);
use Waymark::Item qw(header_of is_sound reference_of seal_report);
use Waymark::Network ();
use Waymark::Sender ();
use Waymark::Trust qw(sealing_key);
use Waymark::Wire qw(read_json shaped to_json);

our @EXPORT_OK = qw(run);

my ($DONE, $MEND, $WRONG, $WAITS, $HELD) = 0 .. 4;
my $FORMAT = 'waymark-sealed-queue/1';
my %COMMAND = (
    enrol => \&_enrol, add => \&_add, send => \&_send, status => \&_status, inbox => \&_inbox,
    export => \&_export, import => \&_import,
);

sub run (@arguments) {
    umask 0077;
    my %asked = (home => $ENV{WAYMARK_SYNC_HOME} // "$ENV{HOME}/.waymark-sync-perl");
    my $understood = GetOptionsFromArray(
        \@arguments, \%asked, 'home=s', 'service=s', 'trust=s', 'code=s', 'json',
    );
    my $command = $COMMAND{shift @arguments // ''};
    if (!$understood || !$command) {
        say STDERR 'waymark-sync enrol CODE --service URL --trust FILE | add [FILE] | send | status | inbox | export FILE | import FILE';
        return $WRONG;
    }
    my $status = eval { $command->(\%asked, @arguments) };
    return $status if defined $status;
    # Never a trace: it could quote what somebody wrote.
    print STDERR $@ =~ s/ at \S+ line \d+\.?$//mr;
    return $MEND;
}

sub _enrol ($asked, $code = undef, @) {
    die "Say: enrol CODE --service URL --trust FILE\n" if !defined $code || !$asked->{service} || !$asked->{trust};
    my $service = $asked->{service} =~ s{/+\z}{}r;
    my $device  = enrol($asked->{home}, $code, $service, $asked->{trust}, Waymark::Network->new);
    say "This computer is a device of $device->{centre_name}. Its keys are in $asked->{home}: let nobody else read it.";
    return $DONE;
}

# Nothing is called saved until it was read back from the disk.
sub _add ($asked, $file = '-', @) {
    die "This program makes no return codes: add --code none, and tell the reporter that there is none.\n"
        if ($asked->{code} // 'none') ne 'none';
    my $told = read_json($file eq '-' ? do { local $/; <STDIN> } : slurp($file));
    die "This is no report that can be sent. Nothing was saved.\n" if ref $told ne 'HASH' || ref $told->{answers} ne 'HASH';
    my $home = opened($asked->{home});
    my ($item_id, $now) = (uuid_of(random_bytes(16)), _utc());
    my $body = {
        item_id => $item_id, form_version => 'kiosk-1', policy_version => '', app_build => 'waymark-perl/1',
        channel => 'centre_tablet', centre_id => $home->{centre_id}, ui_language => $told->{ui_language} // 'en',
        started_at => $told->{started_at} || $now, completed_at => $told->{completed_at} || $now, answers => $told->{answers},
    };
    my $key = sealing_key(Waymark::Sender::newest_keys($home));
    $home->{queue}->change(sub ($facts) {
        my $identity = $home->{identity};
        my ($last) = sort { $b <=> $a } 0, map { $_->{seq} }
            grep { $_->{device_id} eq $identity->{device_id} && $_->{epoch} eq $identity->{epoch} } values $facts->{items}->%*;
        return ['item', _row(seal_report($identity, $key, $last + 1, $body), $now)];
    });
    my $row = $home->{queue}->read_back($item_id) // die "Nothing was saved: the disk did not keep it. Do it again.\n";
    my $raw = {item_id => $item_id, map { $_ => from_base64url($row->{$_}) } qw(header sealed sha256 sig)};
    die "Nothing was saved: the disk gave other bytes back. Mend it, then do it again.\n" if !is_sound($raw);
    my $reference = reference_of($item_id);
    return _told($asked, {item_id => $item_id, reference => $reference, return_code => '', files => 0},
        "Saved and sealed. Reference: $reference");
}

sub _row ($envelope, $made_at) {
    my $header = header_of($envelope->{header}) // die "an item that cannot be read\n";
    return {
        (map { $_ => to_base64url($envelope->{$_}) } qw(header sealed sha256 sig)),
        (map { $_ => $header->{$_} } qw(item_id device_id epoch seq)),
        made_at => $made_at, made_ms => Waymark::Sender::now_ms(),
        state => 'queued', attempts => 0, companions => 64, alone => 0, next_try => 0, problem => '',
    };
}

sub _send ($asked, @) {
    my $home   = opened($asked->{home});
    my $sender = Waymark::Sender->new($home, Waymark::Network->new)->pass;
    my $count  = _counts($home);
    my $again  = $sender->again_at_ms;
    my $told   = {
        sent => $sender->{sent}, messages => $sender->{messages}, waiting => $count->{queued}, files_waiting => 0,
        held_for_a_person => $count->{quarantined}, problem => $sender->{problem} // '', again_at_ms => $again,
    };
    my $words = "$told->{sent} sent, $told->{messages} messages came, $told->{waiting} wait";
    $words .= ": they are safe here, and are sent by the next try. Why: $told->{problem}" if $told->{problem};
    _told($asked, $told, $words);
    return $count->{quarantined} ? $HELD : $count->{queued} ? $WAITS : $DONE;
}

sub _counts ($home) {
    my %count = map { $_ => 0 } qw(queued receipted quarantined tombstone);
    $count{$_->{state}}++ for values $home->{queue}->facts->{items}->%*;
    return \%count;
}

sub _status ($asked, @) {
    my $home  = opened($asked->{home});
    my $count = _counts($home);
    my @items = sort { $a->{made_at} cmp $b->{made_at} } values $home->{queue}->facts->{items}->%*;
    my @left  = grep { $_->{state} =~ /\A(?:queued|quarantined)\z/ } @items;
    my $whole = _whole($home, @items);
    my ($oldest) = sort { $a <=> $b } map { $_->{made_ms} } @left;
    my $age_h = defined $oldest ? (Waymark::Sender::now_ms() - $oldest) / 3_600_000 : undef;
    my $told  = {
        service => $home->{service}, centre => $home->{centre}, made => scalar @items, waiting => $count->{queued},
        sent => $count->{receipted} + $count->{tombstone}, let_go => $count->{tombstone},
        held_for_a_person => $count->{quarantined}, files_waiting => 0, oldest_waiting_h => $age_h,
        whole => $whole ? JSON::PP::true : JSON::PP::false,
        reports => [map { {reference => reference_of($_->{item_id}), made_at => $_->{made_at}, attempts => $_->{attempts},
            problem => $_->{problem}, held_for_a_person => $_->{state} eq 'quarantined' ? JSON::PP::true : JSON::PP::false} } @left],
    };
    _told($asked, $told, "$told->{made} made, $told->{sent} sent, $told->{waiting} waiting, $told->{held_for_a_person} held");
    return $told->{held_for_a_person} || !$whole ? $HELD : $told->{waiting} ? $WAITS : $DONE;
}

# Each number that this store ever gave out is there, once.
sub _whole ($home, @items) {
    my %numbers;
    for my $item (grep { $_->{device_id} eq $home->{identity}{device_id} } @items) {
        return 0 if $numbers{$item->{epoch}}{$item->{seq}}++;
    }
    for my $seen (values %numbers) {
        return 0 if grep { !$seen->{$_} } 1 .. keys %$seen;
    }
    return 1;
}

sub _inbox ($asked, @) {
    my $home = opened($asked->{home});
    my @letters;
    for my $message (sort { $a->{pos} <=> $b->{pos} } values $home->{queue}->facts->{messages}->%*) {
        my $body = Waymark::Sender::open_message($home->{identity}, {%$message, sealed => from_base64url($message->{sealed})});
        next if ref $body ne 'HASH' || $message->{kind} eq 'receipt';
        push @letters, {kind => $message->{kind}, at => $body->{at} // '', text => $body->{text} // $body->{reason} // '',
            from_name => $body->{from_name} // '', reference => $body->{item_id} ? reference_of($body->{item_id}) : ''};
    }
    return _told($asked, {messages => \@letters}, map { "$_->{reference}  $_->{kind}  $_->{at}  $_->{text}" } @letters);
}

sub _export ($asked, $path = undef, @) {
    die "Say: export FILE\n" if !defined $path;
    my $home  = opened($asked->{home});
    my @items = grep { $_->{state} =~ /\A(?:queued|quarantined)\z/ } values $home->{queue}->facts->{items}->%*;
    my @told  = map { {$_->%{qw(header sealed sha256 sig)}} } sort { $a->{seq} <=> $b->{seq} } @items;
    spurt($path, to_json({format => $FORMAT, items => \@told}));
    say scalar(@told), " reports in $path. Only the service can open them.";
    return $DONE;
}

sub _import ($asked, $path = undef, @) {
    die "Say: import FILE\n" if !defined $path;
    my $home  = opened($asked->{home});
    my $file  = eval { shaped('ExportedQueue', read_json(slurp($path))) };
    my @bad   = $file ? grep { !is_sound({%$_, item_id => (header_of($_->{header}) // {})->{item_id} // ''}) } $file->{items}->@* : 1;
    die "$path is no exported queue, or was damaged on the way. Carry it again.\n" if !$file || $file->{format} ne $FORMAT || @bad;
    my $now = _utc();
    my $new = $home->{queue}->change(sub ($facts) {
        my @steps;
        for my $row (map { _row($_, $now) } $file->{items}->@*) {
            my $held = $facts->{items}{$row->{item_id}};
            die "$path holds another report under an id that is here already. Nothing was taken; ask for help.\n"
                if $held && $held->{sha256} ne $row->{sha256};
            push @steps, ['item', $row] if !$held;
        }
        return @steps;
    });
    say scalar $file->{items}->@*, " reports in the file, $new of them new here. Send them with: waymark-sync send";
    return $DONE;
}

sub _told ($asked, $told, @words) {
    if ($asked->{json}) { say to_json($told) }
    else                { binmode STDOUT, ':encoding(UTF-8)'; say for @words }
    return $DONE;
}

sub _utc () {
    my $now = Time::HiRes::time();
    return POSIX::strftime('%Y-%m-%dT%H:%M:%S', gmtime $now) . sprintf '.%03dZ', ($now - int $now) * 1000;
}

1;
