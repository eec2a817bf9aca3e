package Waymark::Home;

# The folder of one kiosk: whom it trusts, who it is, and its queue. For this account alone.

use v5.36;
use Exporter 'import';
use Crypt::PRNG qw(random_bytes);
use Fcntl qw(O_WRONLY O_CREAT O_EXCL O_RDONLY);
use IO::Handle ();
use Waymark::Bytes qw(from_base64url to_base64url);
use Waymark::Queue ();
use Waymark::Seal qw(key_from new_key point_of secret_of sign $LABEL);
use Waymark::Trust qw(open_keys);
use Waymark::Wire qw(read_json shaped to_json);

our @EXPORT_OK = qw(enrol opened slurp spurt);

sub slurp ($path) {
    open my $file, '<:raw', $path or die "$path: $!. Check the name.\n";
    return do { local $/; <$file> };
}

# A file that was not there before, whole, and on the disk when this returns.
sub spurt ($path, $content) {
    sysopen my $file, $path, O_WRONLY | O_CREAT | O_EXCL, 0600 or die "$path: $!. Choose another name.\n";
    (syswrite($file, $content) // 0) == length $content && $file->sync && close $file
        or die "$path: $!. Make room, then do it again.\n";
    my $folder = $path =~ m{\A(.*)/[^/]*\z} ? $1 : '.';
    sysopen my $handle, $folder, O_RDONLY or die "$folder: $!\n";
    $handle->sync;
    return;
}

# Trades the code for an identity. The keys are on the disk before the service hears of them.
sub enrol ($folder, $code, $service, $trust_file, $network) {
    mkdir $folder, 0700;
    chmod 0700, $folder or die "$folder: $!\n";
    die "There is a kiosk in $folder already. Choose another folder with --home.\n" if -e "$folder/device.json";
    my $trust = _trust(read_json(slurp($trust_file)), $trust_file);
    my ($sign, $seal) = (new_key(), new_key());
    my $plain = uc $code =~ tr/ -//dr;
    my $asked = {
        code     => $code,
        sign_key => to_base64url(point_of($sign)),
        seal_key => to_base64url(point_of($seal)),
        sig      => to_base64url(sign($sign, "$LABEL/enrol$plain" . point_of($seal))),
    };
    my $answer = $network->ask('EnrolResponse', "$service/sync/v1/enrol", $asked);
    die "The service did not take the code ($answer->{reason}). Codes work once and for a short time: make a new one "
        . "at the desk, check --service, and try again.\n" if !$answer->{message};
    my $device = {
        $answer->{message}->%*,
        service  => $service,
        trust    => $trust->{told},
        sign_key => to_base64url(secret_of($sign)),
        seal_key => to_base64url(secret_of($seal)),
    };
    spurt("$folder/device.json", to_json($device));
    return $device;
}

sub opened ($folder) {
    -e "$folder/device.json"
        or die "There is no kiosk in $folder yet. Set it up with: waymark-sync enrol CODE --service URL --trust FILE\n";
    my $device = read_json(slurp("$folder/device.json")) // die "$folder/device.json cannot be read. Enrol again.\n";
    my $trust  = _trust($device->{trust}, "$folder/device.json");
    my $queue  = Waymark::Queue->new("$folder/queue.log");
    # An epoch is minted when the store is found empty: its numbers begin again, and nobody confuses the two.
    $queue->change(sub ($facts) { $facts->{kept}{epoch} ? () : ['keep', 'epoch', unpack 'H16', random_bytes(8)] });
    return {
        folder   => $folder,
        service  => $device->{service},
        centre   => $device->{centre_name},
        centre_id => $device->{centre_id},
        queue    => $queue,
        root     => $trust->{root},
        pinned   => $trust->{keys},
        identity => {
            device_id => $device->{device_id},
            epoch     => $queue->facts->{kept}{epoch},
            sign_key  => key_from(from_base64url($device->{sign_key})),
            seal_key  => key_from(from_base64url($device->{seal_key})),
        },
    };
}

sub _trust ($told, $where) {
    my $root   = from_base64url($told->{root});
    my $signed = eval { shaped('SignedKeySet', $told->{keyset}) };
    my $keys   = $signed && $root && open_keys($signed, $root);
    die "$where is not the trust file of a service. Ask those who run it for the file that says whom to trust.\n" if !$keys;
    return {root => $root, keys => $keys, told => $told};
}

1;
